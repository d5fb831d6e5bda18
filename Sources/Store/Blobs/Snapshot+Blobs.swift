public import KVCacheFormat

extension Snapshot {
  /// Whether there is a blob at `key`. Looks at the index alone, not at the blob.
  public func contains(_ key: BlobKey) throws(StoreError) -> Bool {
    let bytes = BlobKeyBytes(key, in: store.namespace)
    return try read { (transaction, tables) throws(StoreError) in
      try transaction.contains(bytes, tables)
    }
  }

  /// Whether layers 0 to `layers` − 1 of an encoding are there. Looks at the index alone.
  public func contains(_ key: EncodingKey, layers: Int) throws(StoreError) -> Bool {
    let namespace = store.namespace
    return try read { (transaction, tables) throws(StoreError) in
      try transaction.layers(of: key, namespace, tables) >= layers
    }
  }

  /// The blob at `key`, or `nil` if there is none.
  ///
  /// Its header is checked against `key` and `layout` each time; its checksum, and that its numbers are finite, when this
  /// process first lends it.
  ///
  /// - Throws: `StoreError.unusableBlob` if it is not what `layout` says, or not what was written.
  public func blob(_ key: BlobKey, expecting layout: KVBlobLayout) throws(StoreError) -> Blob? {
    let bytes = BlobKeyBytes(key, in: store.namespace)
    guard let range = try lend(bytes, count: 1).first else { return nil }
    store.open.uses.note(key.encodingKey, in: store.namespace, at: secondsSince1970())
    return try check(range, bytes, key, expecting: layout)
  }

  /// The blobs of all layers of an encoding, as many as `layout` has; `nil` if one is missing.
  ///
  /// Each has its layer's layout, or holds all tokens of the segment, as blobs do that were written before layers with a
  /// sliding window kept only what they see.
  ///
  /// - Throws: as `blob(_:expecting:)` does; and if the encoding has more layers.
  public func blobs(of key: EncodingKey, expecting layout: KVSegmentLayout) throws(StoreError) -> [Blob]? {
    var bytes = BlobKeyBytes(BlobKey(key, layer: 0), in: store.namespace)
    let layers = layout.blobs.count
    // One more than there may be, to see that it is not there.
    let ranges = try lend(bytes, count: layers + 1)
    guard ranges.count >= layers else { return nil }
    guard ranges.count == layers else { throw .unusableBlob(BlobKey(key, layer: layers), .layerTooMany) }
    store.open.uses.note(key, in: store.namespace, at: secondsSince1970())
    var blobs: [Blob] = []
    blobs.reserveCapacity(ranges.count)
    for (layer, range) in ranges.enumerated() {
      let blob = unsafe BlobHeader.tokens(of: range.bytes).flatMap { layout.blob(layer: layer, tokens: $0) }
      blobs.append(try check(range, bytes, BlobKey(key, layer: layer), expecting: blob ?? layout.blobs[layer]))
      bytes.advance()
    }
    return blobs
  }

  /// The blob in `range` of the map, once it is found to be right.
  private func check(
    _ range: MapRange, _ bytes: borrowing BlobKeyBytes, _ key: BlobKey, expecting layout: KVBlobLayout
  ) throws(StoreError) -> Blob {
    do throws(BlobDefect) {
      let value = unsafe _overrideLifetime(range.bytes, borrowing: self)
      let header = try BlobHeader(of: value)
      try header.check(layout, byteCount: value.byteCount, key: bytes.span, layer: key.layer)
      if store.options.verifyOnFirstUse, !store.open.verified.contains(header.checksum, at: range) {
        let found = BlobHeader.checksum(of: value, key: bytes.span)
        guard found == header.checksum else { throw .checksum(found: found, expected: header.checksum) }
        let payload = value.extracting(BlobHeader.byteCount..<BlobHeader.byteCount + layout.byteCount)
        guard layout.holdsFiniteNumbers(payload) else { throw .notFinite }
        store.open.verified.insert(header.checksum, at: range)
      }
      return Blob(layout, in: range.part(from: BlobHeader.byteCount, count: layout.byteCount), of: self)
    } catch {
      throw .unusableBlob(key, error)
    }
  }
}
