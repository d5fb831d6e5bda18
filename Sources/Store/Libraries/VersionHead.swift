public import ContentHash
public import KVCacheFormat

/// What an answer needs to know of a version: all but the lists of its encodings, which may be long.
public struct VersionHead: Hashable, Sendable {
  /// One of its libraries.
  public struct Library: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// Identity of its listing, by which documents are found.
    public let listing: SHA256Digest
  }

  /// Which version it is.
  public let name: VersionName
  /// Hash of the lowered schema.
  public let schemaHash: SHA256Digest
  /// The lowered schema; the store does not read it.
  public let lowered: [UInt8]
  /// Format of the numbers in its blobs.
  public let element: KVElement
  /// When it was recorded: seconds since 1970, UTC.
  public let time: Int
  /// Its libraries, in order.
  public let libraries: [Library]

}

extension VersionHead {
  init(_ version: VersionRecord) {
    self.init(
      name: version.name, schemaHash: version.schemaHash, lowered: version.lowered, element: version.element,
      time: version.time, libraries: version.libraries.map { Library(name: $0.name, listing: $0.identity) })
  }
}

// MARK: - Bytes

extension VersionHead {
  /// The body of its record.
  ///
  ///     8   time
  ///     32  schema hash
  ///     1   element
  ///     4 + schema name
  ///     4 + lowered schema
  ///     4   libraries, then 4 + name and 32 identity of the listing each
  fileprivate var recordBody: [UInt8] {
    var writer = RecordWriter()
    writer.append(number: time)
    writer.append(schemaHash)
    writer.append(element.code)
    writer.append(name.schema)
    writer.append(lowered)
    writer.append(UInt32(clamping: libraries.count))
    for library in libraries {
      writer.append(library.name)
      writer.append(library.listing)
    }
    return writer.bytes
  }

  /// The head that the record at the key of a version holds; `nil` if it is none.
  init?(record: RawSpan, key: RawSpan) {
    guard let body = Record.body(of: record, key: key), let number = VersionKey.number(in: key) else { return nil }
    var reader = RecordReader(body)
    guard let time = reader.number(), let hash = reader.digest(), let code = reader.byte(),
      let element = KVElement(code: code), let schema = reader.text(), let lowered = reader.bytes(),
      let count = reader.count(), count < 1 << 20
    else { return nil }
    var libraries: [Library] = []
    for _ in 0..<count {
      guard let name = reader.text(), let listing = reader.digest() else { return nil }
      libraries.append(Library(name: name, listing: listing))
    }
    guard reader.isAtEnd else { return nil }
    self.init(
      name: VersionName(
        model: SHA256Digest(copying: key, at: SHA256Digest.byteCount), schema: schema, number: number),
      schemaHash: hash, lowered: lowered, element: element, time: time, libraries: libraries)
  }
}

extension Snapshot {
  /// The newest version of `schema` for `model`, or `nil` if there is none.
  ///
  /// - Parameters:
  ///   - model: fingerprint of the model.
  ///   - schema: name of the schema.
  ///   - element: format of its blobs; any if `nil`.
  /// - Throws: `StoreError.damagedRecord`.
  public func newestHead(
    model: SHA256Digest, schema: String, element: KVElement? = nil
  ) throws(StoreError) -> VersionHead? {
    let prefix = VersionKey(store.namespace, model: model, schema: schema).bytes
    return try read { (transaction, tables) throws(StoreError) in
      var end: [UInt8]? = nil
      while true {
        let found: VersionHead?? = try transaction.last(tables.versions, prefix: unsafe prefix.span.bytes, before: end)
        {
          (key, value) throws(StoreError) in
          end = key.array
          let head = try transaction.head(of: value, at: key, tables)
          return element == nil || head.element == element ? head : nil
        }
        guard let found else { return nil }
        if let found { return found }
      }
    }
  }
}

extension Transaction {
  /// The head of the version whose record is `value`: of its own record where there is one, so that a long list of documents
  /// is not read.
  fileprivate func head(of value: RawSpan, at key: RawSpan, _ tables: Tables) throws(StoreError) -> VersionHead {
    if let table = tables.heads, let record = try bytes(at: key, in: table),
      let head = VersionHead(record: record, key: key)
    {
      return head
    }
    return VersionHead(try VersionRecord(record: value, key: key, in: .versions))
  }
}

extension WriteBatch {
  /// Writes what makes a version with libraries quick to look up, and its documents.
  func putHead(of version: VersionRecord) throws(StoreError) {
    guard !version.libraries.isEmpty, let table = tables.heads else { return }
    for listing in version.libraries { try putRows(of: listing) }
    try put(VersionHead(version).recordBody, at: VersionKey(store.namespace, version.name).bytes, in: table)
  }
}
