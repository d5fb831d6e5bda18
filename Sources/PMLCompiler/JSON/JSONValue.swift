/// JSON without fractions, which no document of ours has.
enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case string(String)
  case array([Self])
  case object([String: Self])

  /// Tokens, positions, bytes.
  static func integers(_ values: some Sequence<some BinaryInteger>) -> Self {
    .array(values.map { .integer(Int($0)) })
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral
{
  init(stringLiteral value: String) { self = .string(value) }
  init(integerLiteral value: Int) { self = .integer(value) }
  init(booleanLiteral value: Bool) { self = .bool(value) }
  init(arrayLiteral elements: Self...) { self = .array(elements) }
}
