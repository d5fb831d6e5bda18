extension JSONValue {
  /// Reads a text that is one value.
  package init(parsing bytes: [UInt8], rules: JSONRules = JSONRules()) throws(JSONError) {
    var reader = try JSONReader(bytes, rules: rules)
    self = try reader.readValue()
    try reader.finish()
  }
}

extension JSONReader {
  /// Reads a value of any kind.
  package mutating func readValue() throws(JSONError) -> JSONValue {
    switch peek() {
    case UInt8(ascii: "{"): return try readObject()
    case UInt8(ascii: "["):
      var elements: [JSONValue] = []
      try enterArray()
      while try nextElement() { elements.append(try readValue()) }
      return .array(elements)
    case UInt8(ascii: "\""): return .string(try readString())
    case UInt8(ascii: "t"):
      try readWord("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try readWord("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try readWord("null")
      return .null
    default: return try readNumber()
    }
  }

  private mutating func readObject() throws(JSONError) -> JSONValue {
    var members: [String: JSONValue] = [:]
    try enterObject()
    while let (key, start) = try nextKeyAndPlace() {
      let previous = members.updateValue(try readValue(), forKey: key)
      guard previous == nil || rules.allowsDuplicateKeys else { throw error(at: start, .duplicateKey(key)) }
    }
    return .object(members)
  }
}
