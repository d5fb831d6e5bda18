package import ContentHash

extension StateStore {
  /// Records a version that was published elsewhere, whose encodings may come later, with its own number if that is free
  /// or has the same content; and that all versions of the schema up to `number` were seen.
  ///
  /// - Parameters:
  ///   - place: where it was published.
  ///   - isComplete: whether all its encodings have to be here by now.
  /// - Returns: what it is here.
  @discardableResult
  package func takeIn(
    published: PublishedVersion, at place: String, upTo number: Int, isComplete: Bool = false
  ) throws(StoreError) -> VersionRecord {
    let version = published.version
    return try write { (batch) throws(StoreError) in
      for text in published.texts { try batch.putDocumentText(text.runs) }
      let (taken, _) = try batch.takeIn(version, isComplete: isComplete)
      var writer = RecordWriter()
      writer.append(number: number)
      try batch.setMemo(Self.seenKey(place, version.model, version.schema), writer.bytes)
      return taken
    }
  }

  /// The highest number of a schema's versions that were published at `place` and taken in here; 0 before the first.
  package func seenNumber(at place: String, model: SHA256Digest, schema: String) throws(StoreError) -> Int {
    guard let value = try snapshot().memo(Self.seenKey(place, model, schema)) else { return 0 }
    var reader = unsafe RecordReader(value.span.bytes)
    return reader.number() ?? 0
  }

  private static func seenKey(_ place: String, _ model: SHA256Digest, _ schema: String) -> String {
    "published \(model.hexadecimal) \(SHA256Digest(of: schema).hexadecimal) \(place)"
  }
}

extension StateStore {
  /// What keeps others from computing an encoding that this caller is about to compute.
  package final class EncodingClaim: Sendable {
    private let store: StateStore
    private let key: [UInt8]

    fileprivate init(_ store: StateStore, _ key: [UInt8]) {
      self.store = store
      self.key = key
    }

    deinit {
      let key = key
      unsafe store.open.access.endClaim(of: key.span.bytes)
    }
  }

  /// Says to all threads and processes that the caller computes an encoding, until the claim or its process ends.
  ///
  /// - Returns: `nil` if somebody else does.
  package func claim(_ key: EncodingKey) throws(StoreError) -> EncodingClaim? {
    let bytes = BlobKeyBytes(BlobKey(key, layer: 0), in: namespace)
    let name = bytes.encodingSpan.array + Array("computing".utf8)
    return try unsafe open.access.claimIfFree(name.span.bytes) ? EncodingClaim(self, name) : nil
  }
}
