import JSONText

extension JSONRules {
  /// For what this compiler reads: schemas nest 200 elements deep at most, three levels of JSON each, and no document of
  /// ours has fractions.
  static let compiler = JSONRules(depthLimit: 1_024, allowsDuplicateKeys: false, allowsFractions: false)
}

/// An object's members, taken one by one: what is left at the end is unknown.
struct JSONMembers {
  private var members: [String: JSONValue]
  /// What the object is, for errors.
  private let name: String

  init(_ value: JSONValue, of name: String) throws(IRError) {
    guard case .object(let members) = value else { throw .notIR }
    self.members = members
    self.name = name
  }

  func contains(_ key: String) -> Bool { members[key] != nil }

  mutating func optional(_ key: String) -> JSONValue? { members.removeValue(forKey: key) }

  mutating func value(_ key: String) throws(IRError) -> JSONValue {
    guard let value = optional(key) else { throw .expected("value", key: key, in: name) }
    return value
  }

  mutating func string(_ key: String) throws(IRError) -> String {
    guard case .string(let value) = optional(key) else { throw .expected("string", key: key, in: name) }
    return value
  }

  mutating func optionalString(_ key: String) throws(IRError) -> String? {
    contains(key) ? try string(key) : nil
  }

  mutating func integer(_ key: String) throws(IRError) -> Int {
    guard case .integer(let value) = optional(key) else { throw .expected("integer", key: key, in: name) }
    return value
  }

  mutating func bool(_ key: String) throws(IRError) -> Bool {
    guard case .bool(let value) = optional(key) else { throw .expected("boolean", key: key, in: name) }
    return value
  }

  mutating func array(_ key: String) throws(IRError) -> [JSONValue] {
    guard case .array(let values) = optional(key) else { throw .expected("array", key: key, in: name) }
    return values
  }

  mutating func token(_ key: String) throws(IRError) -> TokenID {
    guard let token = TokenID(exactly: try integer(key)) else { throw .expected("token ID", key: key, in: name) }
    return token
  }

  mutating func tokens(_ key: String) throws(IRError) -> [TokenID] {
    var tokens: [TokenID] = []
    for value in try array(key) {
      guard case .integer(let integer) = value, let token = TokenID(exactly: integer) else {
        throw .expected("array of token IDs", key: key, in: name)
      }
      tokens.append(token)
    }
    return tokens
  }

  /// Refuses members that were not read.
  func finish() throws(IRError) {
    if let key = members.keys.min() { throw .unknownKey(key, in: name) }
  }
}
