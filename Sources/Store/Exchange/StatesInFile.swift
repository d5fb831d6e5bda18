internal import ContentHash

/// An encoding of the store as the file of states that would hold it, read where it lies.
package struct StatesInFile: Sendable {
  private let head: [UInt8]
  private let blobs: [Blob]

  /// Bytes of the file.
  package let byteCount: Int

  fileprivate init(_ file: StatesFile, _ blobs: [Blob]) {
    head = file.head
    byteCount = file.byteCount
    self.blobs = blobs
  }

  /// Fills `span` with the file's bytes from `offset` on, as far as there are any.
  package func copy(from offset: Int, to span: inout MutableRawSpan) {
    var start = 0
    var filled = 0
    func add(_ part: RawSpan, _ span: inout MutableRawSpan) {
      let place = offset + filled
      if place >= start, place < start + part.byteCount, filled < span.byteCount {
        let count = min(start + part.byteCount - place, span.byteCount - filled)
        let source = part.extracting(place - start..<place - start + count)
        var target = span._mutatingExtracting(filled..<filled + count)
        unsafe target.withUnsafeMutableBytes { target in
          unsafe source.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
        }
        filled += count
      }
      start += part.byteCount
    }
    unsafe add(head.span.bytes, &span)
    for blob in blobs { add(blob.payload, &span) }
  }
}

extension Snapshot {
  /// All of an encoding; `nil` if it is not there.
  ///
  /// - Throws: `StoreError.unusableBlob`: nothing damaged is passed on.
  package func states(of key: EncodingKey) throws(StoreError) -> StatesInFile? {
    guard let blobs = try wholeBlobs(of: key) else { return nil }
    return StatesInFile(StatesFile(key, blobs), blobs)
  }

  /// Bytes of the file of states that would hold an encoding, all of which is checked; `nil` if it is not there.
  package func fileByteCount(of key: EncodingKey) throws(StoreError) -> Int? {
    try wholeBlobs(of: key).map { StatesFile.byteCount(of: $0.map(\.layout)) }
  }
}
