/// A value of a key in a GGUF file.
public enum GGUFValue: Sendable {
  /// An integer of any width.
  case integer(Int)
  /// An unsigned one past `Int.max`.
  case largeInteger(UInt64)
  /// A number in single or double precision.
  case number(Double)
  case bool(Bool)
  /// Text: bytes that should be UTF-8, and need not be.
  case text([UInt8])
  case integers([Int])
  case numbers([Double])
  case bools([Bool])
  case texts(GGUFTexts)

  /// What it is, for messages.
  public var kind: String {
    switch self {
    case .integer, .largeInteger: "an integer"
    case .number: "a number"
    case .bool: "true or false"
    case .text: "text"
    case .integers: "a list of integers"
    case .numbers: "a list of numbers"
    case .bools: "a list of true and false"
    case .texts: "a list of texts"
    }
  }
}

/// A list of texts, one behind the other in memory: a vocabulary has a quarter of a million.
public struct GGUFTexts: RandomAccessCollection, Sendable {
  private let bytes: [UInt8]
  /// Where each ends.
  private let ends: [Int]

  init(bytes: [UInt8], ends: [Int]) {
    self.bytes = bytes
    self.ends = ends
  }

  /// 0.
  public var startIndex: Int { 0 }
  /// Number of texts.
  public var endIndex: Int { ends.count }

  /// The bytes of text `index`.
  public subscript(index: Int) -> ArraySlice<UInt8> { bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }
}
