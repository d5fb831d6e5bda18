/// A JSON value, for texts that are read as a whole and for what is written.
///
/// Its strings and keys are equal as `String`s are. What must be told apart byte by byte is pulled out of `JSONReader`.
package enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  /// A number without fraction and exponent, of 64 bits.
  case integer(Int)
  /// Any other number; finite, unless the rules of the reader allow others.
  case number(Double)
  case string(String)
  case array([Self])
  case object([String: Self])

  /// Tokens, positions, bytes.
  package static func integers(_ values: some Sequence<some BinaryInteger>) -> Self {
    .array(values.map { .integer(Int($0)) })
  }

  /// The member of an object by its key; `nil` where there is none or it is null.
  package subscript(key key: String) -> Self? {
    guard case .object(let members) = self, let value = members[key], value != .null else { return nil }
    return value
  }

  /// The value of a whole number, also of one that is written with a fraction of 0 or an exponent.
  package var wholeNumber: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The value of a number.
  package var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The name of the value's kind, with its article.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a Boolean"
    case .integer, .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// The value as a message shows it.
  package var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): value
    case .array(let values): "[\(values.map(\.text).joined(separator: ", "))]"
    case .object: "{…}"
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(arrayLiteral elements: Self...) { self = .array(elements) }
  /// Of two members with one key, the last one counts.
  package init(dictionaryLiteral members: (String, Self)...) {
    self = .object(Dictionary(members) { _, last in last })
  }
}
