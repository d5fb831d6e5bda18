/// How one number of a cached state is stored.
public enum KVElement: String, CaseIterable, Codable, Sendable {
  /// IEEE 754 single precision, 4 bytes.
  case f32
  /// IEEE 754 half precision, 2 bytes.
  case f16
  /// A signed byte each; a token's numbers share a scale, the upper half of a single, for each `scaledNumbers` of them.
  case q8

  /// Numbers of a token that share a scale, where there are scales; the last group of a head may be shorter.
  public static let scaledNumbers = 32

  /// Bytes that a tile takes: the numbers of one head for 16 tokens, and behind them their scales, (groups, 16).
  public func tileByteCount(headDimension: Int) -> Int {
    let numbers = KVBlobLayout.tileTokens * headDimension
    switch self {
    case .f32: return 4 * numbers
    case .f16: return 2 * numbers
    case .q8:
      let groups = (headDimension + Self.scaledNumbers - 1) / Self.scaledNumbers
      return numbers + 2 * KVBlobLayout.tileTokens * groups
    }
  }

  /// The number that stands for this format in headers and keys. Never reused.
  public var code: UInt8 {
    switch self {
    case .f32: 1
    case .f16: 2
    case .q8: 3
    }
  }

  /// The format that `code` stands for.
  public init?(code: UInt8) {
    guard let element = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = element
  }
}
