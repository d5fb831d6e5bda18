public import ContentHash
public import KVCacheFormat

extension WriteBatch {
  /// Records the next version of `schema` for `model`; if nothing changed since the newest one, returns that one.
  ///
  /// Put all its blobs before, in this batch or in earlier ones. `labels` name the encodings for people, in the same
  /// order; they and `time` (seconds since 1970, now if left out) are no change by themselves. Long labels are cut.
  ///
  /// - Parameters:
  ///   - model: fingerprint of the model.
  ///   - schema: name of the schema.
  ///   - hash: of the lowered schema.
  ///   - lowered: the lowered schema.
  ///   - element: format of the numbers in its blobs.
  ///   - encodings: those that it needs, those of libraries aside.
  ///   - labels: what a person calls each of these.
  ///   - libraries: its libraries; the texts of their documents are there, or are put in this batch before.
  ///   - time: seconds since 1970.
  /// - Throws: `StoreError.missingEncodings` unless every encoding is there, all of them in the same layers from 0 on;
  ///   `.missingTexts` unless every document's text is; `.nameTooLong`, `.versionTooLarge`, `.noNumberLeft`.
  @discardableResult
  public func recordVersion(
    model: SHA256Digest, schema: String, hash: SHA256Digest, lowered: [UInt8], element: KVElement,
    encodings: [SHA256Digest], labels: [String] = [], libraries: [LibraryListing] = [], time: Int? = nil
  ) throws(StoreError) -> VersionRecord {
    try StoredName.check(schema)
    let (newest, lastNumber) = try newestVersion(model: model, schema: schema)
    let version = VersionRecord(
      model: model, schema: schema, number: lastNumber + 1, schemaHash: hash, lowered: lowered, element: element,
      time: time ?? secondsSince1970(), schemaEncodings: encodings,
      schemaLabels: labels.count == encodings.count ? labels.map(StoredName.clipped) : [], libraries: libraries)
    try checkEncodings(of: version)
    try checkTexts(of: version)
    if let newest, newest.hasSameContent(as: version) {
      // What answers look up may have been damaged.
      try putHead(of: newest)
      return newest
    }
    try put(version)
    return version
  }

  func put(_ version: VersionRecord) throws(StoreError) {
    guard VersionRecord.numbers.contains(version.number) else { throw .noNumberLeft(schema: version.schema) }
    let key = VersionKey(store.namespace, version.name)
    let body = version.recordBody
    guard body.count <= VersionRecord.byteCountLimit else {
      throw .versionTooLarge(schema: version.schema, byteCount: body.count, limit: VersionRecord.byteCountLimit)
    }
    let record = unsafe Record.sealed(body, key: key.bytes.span.bytes)
    try unsafe transaction.put(record.span.bytes, at: key.bytes.span.bytes, in: tables.versions)
    try putHead(of: version)
  }

  /// The newest version of `schema`, and the number of the newest. Damaged versions are removed; their numbers stay
  /// taken, unless they are ones that no version gets.
  func newestVersion(
    model: SHA256Digest, schema: String
  ) throws(StoreError) -> (version: VersionRecord?, number: Int) {
    let prefix = VersionKey(store.namespace, model: model, schema: schema).bytes
    var lastNumber = 0
    while true {
      var damaged: [UInt8]?
      let newest: VersionRecord? =
        try unsafe transaction.last(tables.versions, prefix: prefix.span.bytes) { key, value in
          let version = VersionRecord(record: value, key: key)
          if version == nil { damaged = key.array }
          let number = version?.number ?? VersionKey.number(in: key) ?? 0
          if version != nil || VersionRecord.importedNumbers.contains(number) { lastNumber = max(lastNumber, number) }
          return version
        } ?? nil
      guard let damaged else { return (newest, lastNumber) }
      try unsafe transaction.remove(damaged.span.bytes, in: tables.versions)
    }
  }

  func checkEncodings(of version: VersionRecord) throws(StoreError) {
    var layers: Int?
    var missing = 0
    for key in version.encodingKeys {
      let found = try transaction.layers(of: key, store.namespace, tables)
      if found == 0 || found != layers ?? found { missing += 1 } else { layers = found }
    }
    guard missing == 0 else { throw .missingEncodings(schema: version.schema, count: missing) }
  }
}

extension Transaction {
  /// How many layers of the encoding `key` are there, from 0 on without a gap.
  func layers(of key: EncodingKey, _ namespace: Namespace, _ tables: Tables) throws(StoreError) -> Int {
    let bytes = BlobKeyBytes(BlobKey(key, layer: 0), in: namespace)
    if try isArriving(bytes.encodingSpan, tables) { return 0 }
    var count = 0
    try visit(tables.blobs, prefix: bytes.encodingSpan) { (key, _) in
      guard BlobKey(key)?.layer == count else { return .stop }
      count += 1
      return .next
    }
    return count
  }
}
