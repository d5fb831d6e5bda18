internal import ContentHash
internal import FileSystem
internal import Glibc

/// Fills an empty database with the entries of another, given in order, in commits of bounded size.
final class DatabaseCopier {
  private static let commitByteCount = 64 << 20

  private let environment: Environment
  private let folder: Folder
  private let tables: Tables
  private var transaction: Transaction
  private var uncommitted = 0
  /// What the namespaces take: counted, since entries may have been left out.
  private var sums: [SHA256Digest: (blobs: Int, byteCount: Int)] = [:]
  private var names: [SHA256Digest: String] = [:]

  /// The caller has the environment, which is in `folder`, to itself.
  init(into environment: Environment, in folder: consuming Folder) throws(StoreError) {
    let transaction = try Transaction(writing: environment)
    tables = try Tables(creatingIn: transaction)
    self.environment = environment
    self.folder = folder
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
    guard let table = tables[table] else { return }
    try transaction.put(value, at: key, in: table, isLast: true)
    uncommitted += value.byteCount
    if uncommitted > Self.commitByteCount {
      try commit()
      transaction = try Transaction(writing: environment)
    }
  }

  /// Writes the accounts, and commits what is left.
  func finish() throws(StoreError) {
    for (tag, name) in names {
      let sum = sums[tag] ?? (0, 0)
      let account = NamespaceAccount(name: name, blobs: sum.blobs, byteCount: sum.byteCount)
      try account.save(transaction, tables, always: true)
    }
    try commit()
  }

  private func commit() throws(StoreError) {
    do throws(StoreError) {
      try transaction.commit()
    } catch {
      guard case .system(_, _, EIO) = error else { throw error }
      throw whyNoRoom() ?? error
    }
    uncommitted = 0
  }

  /// Why the file cannot grow by what was to be committed. LMDB reports a full disk as an I/O error if part of a write
  /// succeeded.
  ///
  /// - Returns: `nil` if it can.
  private func whyNoRoom() -> StoreError? {
    do throws(SystemFailure) {
      let file = try folder.open(StoreFolder.dataName, .writing)
      let end = try file.status().byteCount
      try file.allocate(end..<end + uncommitted)
      return nil
    } catch {
      return StoreError(code: error.code, operation: error.operation, path: folder.path.description)
    }
  }
}
