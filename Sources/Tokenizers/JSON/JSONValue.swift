/// A JSON value, for the small parts of a file that are read as a whole.
enum JSONValue: Sendable {
  struct Member: Sendable {
    let key: String
    let value: JSONValue
  }

  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// The member of an object by its key: the last one, should there be several; `nil` where there is none or it is null.
  subscript(key key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    let member = members.last { $0.key.utf8.elementsEqual(key.utf8) }
    if case .null? = member?.value { return nil }
    return member?.value
  }

  /// The name of the value's kind, with its article.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a Boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// The value as a message shows it.
  var text: String {
    switch self {
    case .bool(let flag): "\(flag)"
    case .number(let number): "\(number)"
    case .string(let text): text
    case .null, .array, .object: kind
    }
  }
}
