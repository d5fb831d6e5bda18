/// How one number of a cached state is stored.
public enum KVElement: String, CaseIterable, Codable, Sendable {
  /// IEEE 754 single precision, 4 bytes.
  case f32
  /// IEEE 754 half precision, 2 bytes.
  case f16

  /// Bytes a number takes.
  public var byteCount: Int {
    switch self {
    case .f32: 4
    case .f16: 2
    }
  }

  /// The number that stands for this format in headers and keys. Never reused.
  public var code: UInt8 {
    switch self {
    case .f32: 1
    case .f16: 2
    }
  }

  /// The format that `code` stands for.
  public init?(code: UInt8) {
    guard let element = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = element
  }
}
