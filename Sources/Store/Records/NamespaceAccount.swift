internal import ContentHash

/// What a namespace takes up, updated with each commit so that it need not be counted.
///
/// The key is the namespace's tag; the record holds blobs (8), bytes (8), and the name.
final class NamespaceAccount {
  let name: String
  private(set) var blobs: Int
  private(set) var byteCount: Int
  /// Bytes of blobs put since it was read.
  private(set) var written = 0
  private var isChanged = false

  init(name: String, blobs: Int = 0, byteCount: Int = 0) {
    self.name = name
    self.blobs = blobs
    self.byteCount = byteCount
  }

  /// The account of `namespace` as `transaction` shows it: counted anew if there is none, or
  /// a damaged one.
  static func load(
    _ namespace: Namespace, _ transaction: borrowing Transaction, _ tables: Tables
  ) throws(StoreError) -> NamespaceAccount {
    let key = namespace.tag.bytes
    if let value = try unsafe transaction.bytes(at: key.span.bytes, in: tables.namespaces),
      let account = unsafe NamespaceAccount(record: value, key: key.span.bytes)
    {
      return account
    }
    let account = NamespaceAccount(name: namespace.name)
    try unsafe transaction.visit(tables.blobs, prefix: key.span.bytes) { (_, blob) in
      account.blobs += 1
      account.byteCount += BlobSize.onDisk(value: blob.byteCount)
      return .next
    }
    account.isChanged = account.blobs > 0
    return account
  }

  /// The account that a record of the table holds, or `nil` if it is damaged.
  convenience init?(record: RawSpan, key: RawSpan) {
    guard let body = Record.body(of: record, key: key) else { return nil }
    var reader = RecordReader(body)
    guard let blobs = reader.number(), let byteCount = reader.number(), let name = reader.text(), reader.isAtEnd,
      key.equals(unsafe Namespace(name).tag.bytes.span.bytes)
    else { return nil }
    self.init(name: name, blobs: blobs, byteCount: byteCount)
  }

  /// Counts a blob of `byteCount` bytes, put in place of one of `replaced` bytes if there was one.
  func add(_ byteCount: Int, replacing replaced: Int?, limit: Int?) throws(StoreError) {
    let total = max(0, self.byteCount - (replaced ?? 0)) + byteCount
    if let limit, total > limit { throw .namespaceFull(namespace: name, limit: limit) }
    self.byteCount = total
    if replaced == nil { blobs += 1 }
    written += byteCount
    isChanged = true
  }

  /// Counts a blob of `byteCount` bytes less.
  func subtract(_ byteCount: Int) {
    // What a wrong account says may be less than what goes.
    self.byteCount = max(0, self.byteCount - byteCount)
    blobs = max(0, blobs - 1)
    isChanged = true
  }

  /// Stores the account if it changed.
  func save(_ transaction: borrowing Transaction, _ tables: Tables, always: Bool = false) throws(StoreError) {
    guard isChanged || always else { return }
    let key = Namespace(name).tag.bytes
    var writer = RecordWriter()
    writer.append(number: blobs)
    writer.append(number: byteCount)
    writer.append(name)
    let record = unsafe Record.sealed(writer.bytes, key: key.span.bytes)
    try unsafe transaction.put(record.span.bytes, at: key.span.bytes, in: tables.namespaces)
  }
}
