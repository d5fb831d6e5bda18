/// A SHA-256 digest: 32 bytes (FIPS 180-4).
public struct SHA256Digest: Hashable, Sendable {
  /// Number of bytes in a digest.
  public static let byteCount = 32

  private let words: InlineArray<4, UInt64>

  /// The digest whose bytes these are.
  ///
  /// - Returns: `nil` unless there are exactly 32 bytes.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    var words: InlineArray<4, UInt64> = .init(repeating: 0)
    for (index, byte) in bytes.enumerated() {
      words[index / 8] = words[index / 8] << 8 | UInt64(byte)
    }
    self.words = words
  }

  /// The digest that `text`, 64 hexadecimal digits, spells.
  ///
  /// - Returns: `nil` for text of another form.
  public init?(hexadecimal text: some StringProtocol) {
    let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count == 2 * Self.byteCount else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = digits[index], let low = digits[index + 1] else { return nil }
      bytes.append(UInt8(high << 4 | low))
    }
    self.init(bytes: bytes)
  }

  /// The digest whose 32 bytes begin at `offset` of `span`.
  ///
  /// - Precondition: they lie in the span.
  public init(copying span: RawSpan, at offset: Int) {
    var words: InlineArray<4, UInt64> = .init(repeating: 0)
    for index in words.indices {
      let word = unsafe span.unsafeLoadUnaligned(fromByteOffset: offset + 8 * index, as: UInt64.self)
      words[index] = UInt64(bigEndian: word)
    }
    self.words = words
  }

  /// Writes the 32 bytes, first byte first, from `offset` of `span` on.
  ///
  /// - Precondition: they fit in the span.
  public func copyBytes(to span: inout MutableRawSpan, at offset: Int) {
    for index in words.indices {
      span.storeBytes(of: words[index].bigEndian, toByteOffset: offset + 8 * index, as: UInt64.self)
    }
  }

  /// The 32 bytes, first byte first.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    for index in words.indices {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: words[index] >> UInt64(shift)))
      }
    }
    return bytes
  }

  /// 64 lower-case hexadecimal digits.
  public var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Whether both have the same bytes.
  public static func == (left: Self, right: Self) -> Bool {
    left.words[0] == right.words[0] && left.words[1] == right.words[1]
      && left.words[2] == right.words[2] && left.words[3] == right.words[3]
  }

  /// Feeds the bytes to `hasher`.
  public func hash(into hasher: inout Hasher) {
    for index in words.indices { hasher.combine(words[index]) }
  }
}

extension SHA256Digest: Comparable {
  /// Orders by bytes, first byte first.
  public static func < (left: Self, right: Self) -> Bool {
    for index in left.words.indices where left.words[index] != right.words[index] {
      return left.words[index] < right.words[index]
    }
    return false
  }
}

extension SHA256Digest: CustomStringConvertible {
  /// 64 lower-case hexadecimal digits.
  public var description: String { hexadecimal }
}

extension SHA256Digest: Codable {
  /// Reads 64 hexadecimal digits.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let digest = Self(hexadecimal: text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a SHA-256 digest: `\(text)`")
    }
    self = digest
  }

  /// Writes 64 hexadecimal digits.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hexadecimal)
  }
}
