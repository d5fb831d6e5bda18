/// Reads a GGUF file's header from front to back; nothing is believed before it was compared with what is left.
struct GGUFCursor: ~Escapable {
  private let bytes: RawSpan
  private(set) var offset = 0

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  /// Bytes behind the cursor.
  var remaining: Int { bytes.byteCount - offset }

  mutating func skip(_ count: Int, of what: String) throws(GGUFError) {
    guard count >= 0, count <= remaining else { throw .truncated(what: what, offset: bytes.byteCount) }
    offset += count
  }

  mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, of what: String) throws(GGUFError) -> T
  {
    let at = offset
    try skip(MemoryLayout<T>.size, of: what)
    return unsafe T(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: at, as: T.self))
  }

  /// A number of things that take at least `size` bytes each.
  mutating func count(of what: String, size: Int) throws(GGUFError) -> Int {
    let count = try integer(UInt64.self, of: what)
    guard count <= UInt64(remaining / size) else {
      throw .truncated(what: "\(what), of which it announces \(count)", offset: bytes.byteCount)
    }
    return Int(count)
  }

  /// Text: its length, then its bytes.
  mutating func text(of what: String) throws(GGUFError) -> [UInt8] {
    var text: [UInt8] = []
    try appendText(of: what, to: &text)
    return text
  }

  mutating func appendText(of what: String, to text: inout [UInt8]) throws(GGUFError) {
    let length = try count(of: what, size: 1)
    let at = offset
    try skip(length, of: what)
    unsafe bytes.extracting(at..<at + length).withUnsafeBytes { unsafe text.append(contentsOf: $0) }
  }

  /// A name, which must be UTF-8 and no longer than the format allows.
  mutating func name(of what: String, limit: Int) throws(GGUFError) -> String {
    let bytes = try text(of: what)
    guard bytes.count <= limit, let name = String(validating: bytes, as: UTF8.self) else {
      throw .malformed("\(what) is no text of at most \(limit) bytes")
    }
    return name
  }
}
