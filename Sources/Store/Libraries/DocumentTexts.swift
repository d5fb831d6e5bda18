public import ContentHash

/// What documents of libraries say, run by run, by the digest that their listings know them by: once, however many versions
/// have them.
///
/// The key is the namespace and the digest (`SHA256Digest(ofTexts:)`); the record holds the number of runs (4), then 4 + text
/// each.
struct TextKey {
  let bytes: [UInt8]

  init(_ content: SHA256Digest, in namespace: Namespace) { bytes = namespace.tag.bytes + content.bytes }

  /// The digest in a key.
  static func content(in key: RawSpan) -> SHA256Digest? {
    guard key.byteCount == 2 * SHA256Digest.byteCount else { return nil }
    return SHA256Digest(copying: key, at: SHA256Digest.byteCount)
  }
}

extension Snapshot {
  /// What a document says, run by run; `nil` if that is not there, or not what was written.
  public func documentText(_ content: SHA256Digest) throws(StoreError) -> [String]? {
    let key = TextKey(content, in: store.namespace).bytes
    return try read { (transaction, tables) throws(StoreError) in
      guard let table = tables.texts else { return nil }
      return try transaction.text(at: unsafe key.span.bytes, in: table)
    }
  }

  /// Which of these documents' texts are not there, or not what was written.
  public func missingTexts(of contents: some Sequence<SHA256Digest>) throws(StoreError) -> Set<SHA256Digest> {
    let namespace = store.namespace
    let contents = Array(contents)
    return try read { (transaction, tables) throws(StoreError) in
      guard let table = tables.texts else { return Set(contents) }
      var missing: Set<SHA256Digest> = []
      for content in contents {
        let key = TextKey(content, in: namespace).bytes
        let value = try unsafe transaction.bytes(at: key.span.bytes, in: table)
        guard let value, unsafe Record.body(of: value, key: key.span.bytes) != nil else {
          missing.insert(content)
          continue
        }
      }
      return missing
    }
  }
}

extension Transaction {
  fileprivate func text(at key: RawSpan, in table: Table) throws(StoreError) -> [String]? {
    guard let value = try bytes(at: key, in: table), let body = Record.body(of: value, key: key) else { return nil }
    var reader = RecordReader(body)
    guard let count = reader.count() else { return nil }
    var runs: [String] = []
    for _ in 0..<count {
      guard let run = reader.text(atMost: .max) else { return nil }
      runs.append(run)
    }
    return reader.isAtEnd ? runs : nil
  }
}

extension WriteBatch {
  /// Keeps what a document says, in place of what is there. It stays as long as a version has the document; until one is
  /// recorded, `StateStore.leaseForWarming` keeps it.
  ///
  /// - Parameter runs: its text.
  public func putDocumentText(_ runs: [String]) throws(StoreError) {
    guard let table = tables.texts else { return }
    let content = SHA256Digest(ofTexts: runs)
    var writer = RecordWriter()
    writer.append(UInt32(clamping: runs.count))
    for run in runs { writer.append(run) }
    try put(writer.bytes, at: TextKey(content, in: store.namespace).bytes, in: table)
  }

  /// Throws unless the texts of all documents of these listings are there.
  func checkTexts(of version: VersionRecord) throws(StoreError) {
    guard !version.libraries.isEmpty, let table = tables.texts else { return }
    var missing = 0
    for listing in version.libraries {
      for document in listing.documents {
        let key = TextKey(document.content, in: store.namespace).bytes
        if try unsafe transaction.bytes(at: key.span.bytes, in: table) == nil { missing += 1 }
      }
    }
    guard missing == 0 else { throw .missingTexts(schema: version.schema, count: missing) }
  }
}
