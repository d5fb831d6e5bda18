internal import ContentHash

/// The value of every table but `blobs`: a checksum, then a body.
///
///     0   8  XXH3-64 of the key and the body
///     8      body
enum Record {
  private static let checksumByteCount = 8

  /// The value that holds `body` at `key`.
  static func sealed(_ body: [UInt8], key: RawSpan) -> [UInt8] {
    let checksum = unsafe checksum(of: body.span.bytes, key: key)
    var writer = RecordWriter()
    writer.append(checksum)
    return writer.bytes + body
  }

  /// The body of the value at `key`, or `nil` if it is not what was written.
  @_lifetime(copy value)
  static func body(of value: RawSpan, key: RawSpan) -> RawSpan? {
    guard value.byteCount >= checksumByteCount else { return nil }
    let body = value.extracting(droppingFirst: checksumByteCount)
    guard value.integer(at: 0, as: UInt64.self) == checksum(of: body, key: key) else { return nil }
    return body
  }

  private static func checksum(of body: RawSpan, key: RawSpan) -> UInt64 {
    let checksum = Checksum()
    checksum.update(key)
    checksum.update(body)
    return checksum.value
  }
}

/// Makes the body of a record. Integers take their size, texts and lists a count (4 bytes) before them.
struct RecordWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ value: some FixedWidthInteger) {
    unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
  }

  mutating func append(_ digest: SHA256Digest) { bytes += digest.bytes }

  mutating func append(_ text: String) { append(Array(text.utf8)) }

  mutating func append(_ list: [UInt8]) {
    append(UInt32(clamping: list.count))
    bytes += list
  }
}

/// Reads the body of a record. Each read gives `nil` where the bytes end too soon.
struct RecordReader: ~Escapable {
  private var rest: RawSpan

  @_lifetime(copy body)
  init(_ body: RawSpan) { rest = body }

  /// Whether all was read.
  var isAtEnd: Bool { rest.isEmpty }

  @_lifetime(self: copy self)
  mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) -> T? {
    guard let bytes = take(MemoryLayout<T>.size) else { return nil }
    return bytes.integer(at: 0, as: T.self)
  }

  @_lifetime(self: copy self)
  mutating func digest() -> SHA256Digest? {
    guard let bytes = take(SHA256Digest.byteCount) else { return nil }
    return SHA256Digest(copying: bytes, at: 0)
  }

  @_lifetime(self: copy self)
  mutating func bytes() -> [UInt8]? {
    guard let count = integer(UInt32.self), let bytes = take(Int(count)) else { return nil }
    return bytes.array
  }

  @_lifetime(self: copy self)
  mutating func text() -> String? { bytes().map { String(decoding: $0, as: UTF8.self) } }

  @_lifetime(self: copy self)
  @_lifetime(copy self)
  private mutating func take(_ count: Int) -> RawSpan? {
    guard count <= rest.byteCount else { return nil }
    let taken = rest.extracting(first: count)
    rest = rest.extracting(droppingFirst: count)
    return taken
  }
}
