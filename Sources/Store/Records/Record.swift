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

/// Makes the body of a record. Numbers take 8 bytes, texts and lists a count (4 bytes) before them.
struct RecordWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ value: some FixedWidthInteger) {
    unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
  }

  /// Appends a number that `RecordReader.number` reads.
  mutating func append(number: Int) { append(StoredNumber.written(number)) }

  mutating func append(_ digest: SHA256Digest) { bytes += digest.bytes }

  /// Appends bytes without their count.
  mutating func append(raw more: [UInt8]) { bytes += more }

  mutating func append(_ text: String) { append(Array(text.utf8)) }

  mutating func append(_ list: [UInt8]) {
    append(UInt32(clamping: list.count))
    bytes += list
  }
}

/// Reads the body of a record. Each read returns `nil` where the bytes end too soon or hold a value out of range.
struct RecordReader: ~Escapable {
  private var rest: RawSpan

  @_lifetime(copy body)
  init(_ body: RawSpan) { rest = body }

  /// Whether all was read.
  var isAtEnd: Bool { rest.isEmpty }

  /// A number in 8 bytes.
  @_lifetime(self: copy self)
  mutating func number(in range: ClosedRange<Int> = 0...StoredNumber.limit) -> Int? {
    guard let bytes = take(8) else { return nil }
    return StoredNumber.read(bytes.integer(at: 0, as: UInt64.self), in: range)
  }

  /// A count in 4 bytes.
  @_lifetime(self: copy self)
  mutating func count() -> Int? {
    guard let bytes = take(4) else { return nil }
    return Int(bytes.integer(at: 0, as: UInt32.self))
  }

  @_lifetime(self: copy self)
  mutating func byte() -> UInt8? {
    guard let bytes = take(1) else { return nil }
    return bytes.integer(at: 0, as: UInt8.self)
  }

  @_lifetime(self: copy self)
  mutating func digest() -> SHA256Digest? {
    guard let bytes = take(SHA256Digest.byteCount) else { return nil }
    return SHA256Digest(copying: bytes, at: 0)
  }

  @_lifetime(self: copy self)
  mutating func bytes(atMost limit: Int = .max) -> [UInt8]? {
    guard let count = count(), count <= limit, let bytes = take(count) else { return nil }
    return bytes.array
  }

  @_lifetime(self: copy self)
  mutating func text(atMost limit: Int = StoredName.limit) -> String? {
    bytes(atMost: limit).map { String(decoding: $0, as: UTF8.self) }
  }

  @_lifetime(self: copy self)
  @_lifetime(copy self)
  private mutating func take(_ count: Int) -> RawSpan? {
    guard count <= rest.byteCount else { return nil }
    let taken = rest.extracting(first: count)
    rest = rest.extracting(droppingFirst: count)
    return taken
  }
}
