/// Where the bytes of an export go, from start to end.
protocol ByteSink: AnyObject {
  func write(_ bytes: RawSpan) throws(StoreError)
}

extension ByteSink {
  func write(_ bytes: [UInt8]) throws(StoreError) { try unsafe write(bytes.span.bytes) }

  /// Writes the file of states with this head and these layers.
  func write(_ file: StatesFile, _ blobs: [Blob]) throws(StoreError) {
    try write(file.head)
    for blob in blobs { try write(blob.payload) }
  }
}
