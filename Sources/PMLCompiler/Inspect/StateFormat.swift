import JSONText

/// A format of stored states, for reports: the compiler itself knows no model's shape.
public struct StateFormat: Sendable {
  /// For example `f16`.
  public let name: String
  /// Bytes that the states of one encoding of this many tokens take, over all layers.
  public let byteCount: @Sendable (_ tokens: Int) -> Int

  /// A format.
  public init(name: String, byteCount: @escaping @Sendable (_ tokens: Int) -> Int) {
    self.name = name
    self.byteCount = byteCount
  }
}

/// Encodings taken together.
struct EncodingTotals: Hashable {
  private(set) var encodings = 0
  private(set) var tokens = 0
  /// By format.
  private(set) var bytes: [Int]

  init(_ counts: some Sequence<Int>, formats: [StateFormat]) {
    bytes = Array(repeating: 0, count: formats.count)
    for count in counts {
      encodings += 1
      tokens += count
      for (index, format) in formats.enumerated() { bytes[index] += format.byteCount(count) }
    }
  }

  init(_ indices: [Int], of plan: EncodingPlan, formats: [StateFormat]) {
    self.init(indices.lazy.map { plan.tokenCount(of: plan.encodings[$0]) }, formats: formats)
  }

  func json(formats: [StateFormat]) -> JSONValue {
    let bytes = zip(formats, bytes).map { ($0.name, JSONValue.integer($1)) }
    return .object([
      "encodings": .integer(encodings), "tokens": .integer(tokens),
      "bytes": .object(Dictionary(bytes) { first, _ in first }),
    ])
  }
}
