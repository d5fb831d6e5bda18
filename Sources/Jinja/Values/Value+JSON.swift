extension Value {
  /// The value as Python's `json.dumps` writes it.
  func json(_ style: JSONStyle, depth: Int = 0) throws -> TracedText {
    func line(_ depth: Int) -> TracedText {
      style.indentation.map { TracedText("\n") + Array(repeating: $0, count: depth).joined(by: TracedText("")) }
        ?? TracedText("")
    }
    func list(_ items: [TracedText], _ open: String, _ close: String) throws -> TracedText {
      guard !items.isEmpty else { return TracedText(open + close) }
      return TracedText(open) + line(depth + 1)
        + (try items.joinedWithinLimit(by: style.itemSeparator + line(depth + 1))) + line(depth)
        + TracedText(close)
    }
    switch self {
    case .none: return TracedText("null")
    case .bool(let value): return TracedText(value ? "true" : "false")
    case .int(let value): return TracedText(String(value))
    case .double(let value):
      return TracedText(
        value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : value.pythonText)
    case .text(let text): return text.quotedByJSON(ascii: style.isASCII)
    case .list(let items), .tuple(let items):
      return try list(try items.map { try $0.json(style, depth: depth + 1) }, "[", "]")
    case .mapping(let mapping):
      var pairs = try mapping.pairs.map { pair in
        (key: try pair.key.jsonKey, value: try pair.value.json(style, depth: depth + 1))
      }
      if style.sortsKeys { pairs.sort { $0.key < $1.key } }
      return try list(
        pairs.map { $0.key.quotedByJSON(ascii: style.isASCII) + style.keySeparator + $0.value }, "{", "}")
    case .undefined, .function, .namespace, .loop: throw Problem("\(kind) cannot be written as JSON")
    }
  }

  private var jsonKey: TracedText {
    get throws {
      switch self {
      case .text(let text): return text
      case .none, .bool, .int, .double: return try json(JSONStyle())
      default: throw Problem("\(kind) cannot be a key in JSON")
      }
    }
  }
}

/// How JSON is written.
struct JSONStyle {
  var indentation: TracedText?
  var itemSeparator = TracedText(", ")
  var keySeparator = TracedText(": ")
  var isASCII = false
  var sortsKeys = false
}

extension TracedText {
  fileprivate func quotedByJSON(ascii: Bool) -> TracedText {
    TracedText("\"")
      + mapped { scalar in
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        case "\u{8}": return "\\b"
        case "\u{C}": return "\\f"
        default:
          guard scalar.value < 0x20 || ascii && scalar.value > 0x7E else { return String(Character(scalar)) }
          return String(Character(scalar)).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
          }.joined()
        }
      } + TracedText("\"")
  }
}
