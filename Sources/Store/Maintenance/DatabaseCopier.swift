internal import ContentHash

/// Fills an empty database with the entries of another, given in order, in commits of bounded size.
final class DatabaseCopier {
  private static let commitByteCount = 64 << 20

  private let environment: Environment
  private let tables: Tables
  private var transaction: Transaction
  private var uncommitted = 0
  /// What the namespaces take: counted, since entries may have been left out.
  private var sums: [SHA256Digest: (blobs: Int, byteCount: Int)] = [:]
  private var names: [SHA256Digest: String] = [:]

  /// The caller has the environment to itself.
  init(into environment: Environment) throws(StoreError) {
    let transaction = try Transaction(writing: environment)
    tables = try Tables(creatingIn: transaction)
    self.environment = environment
    self.transaction = transaction
  }

  /// Stores an entry that is whole, and above all of its table so far.
  func put(_ value: RawSpan, at key: RawSpan, in table: Table.Name) throws(StoreError) {
    if table == .namespaces {
      names[SHA256Digest(copying: key, at: 0)] = NamespaceAccount(record: value, key: key)?.name
      return
    }
    if table == .blobs {
      let (blobs, byteCount) = sums[SHA256Digest(copying: key, at: 0)] ?? (0, 0)
      sums[SHA256Digest(copying: key, at: 0)] = (blobs + 1, byteCount + BlobSize.onDisk(value: value.byteCount))
    }
    try transaction.put(value, at: key, in: tables[table], isLast: true)
    uncommitted += value.byteCount
    if uncommitted > Self.commitByteCount {
      try transaction.commit()
      transaction = try Transaction(writing: environment)
      uncommitted = 0
    }
  }

  /// Writes the accounts, and commits what is left.
  func finish() throws(StoreError) {
    for (tag, name) in names {
      let sum = sums[tag] ?? (0, 0)
      let account = NamespaceAccount(name: name, blobs: sum.blobs, byteCount: sum.byteCount)
      try account.save(transaction, tables, always: true)
    }
    try transaction.commit()
  }
}
