internal import ContentHash

/// The bytes of an object that is put. They are read where they lie, perhaps more than once.
public struct ObjectBody: Sendable {
  /// How many there are.
  public let byteCount: Int
  /// Fills a span with the bytes from an offset on: all of it, or up to the end.
  let fill: @Sendable (_ offset: Int, _ span: inout MutableRawSpan) -> Void

  /// A body of `byteCount` bytes, which `fill` writes from an offset on.
  public init(byteCount: Int, fill: @escaping @Sendable (_ offset: Int, _ span: inout MutableRawSpan) -> Void) {
    self.byteCount = byteCount
    self.fill = fill
  }

  /// These bytes.
  public init(_ bytes: [UInt8]) {
    self.init(byteCount: bytes.count) { offset, span in
      let count = min(span.byteCount, bytes.count - offset)
      unsafe span.withUnsafeMutableBytes { unsafe $0.copyBytes(from: bytes[offset..<offset + count]) }
    }
  }

  /// SHA-256 of them all.
  var hash: SHA256Digest {
    var hasher = SHA256Hasher()
    var part = [UInt8](repeating: 0, count: min(1 << 20, byteCount))
    var offset = 0
    while offset < byteCount {
      let count = min(part.count, byteCount - offset)
      var elements = part.mutableSpan
      var span = unsafe elements.mutableBytes
      var filled = span._mutatingExtracting(0..<count)
      fill(offset, &filled)
      hasher.update(bytes: span.bytes.extracting(0..<count))
      offset += count
    }
    return hasher.finalize()
  }
}
