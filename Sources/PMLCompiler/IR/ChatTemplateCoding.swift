extension ChatTemplate {
  /// `{"system":[prefix,suffix],"user":[…],"assistant":[…],"header":"…","user_after_system":[…]}`, the last one optional.
  var json: JSONValue {
    var json: [String: JSONValue] = [
      "system": system.json, "user": user.json, "assistant": assistant.json, "header": .string(header),
    ]
    json["user_after_system"] = userAfterSystem?.json
    return .object(json)
  }

  init(json: JSONValue) throws(IRError) {
    var members = try JSONMembers(json, of: "chat template")
    self.init(
      system: try members.parts("system"), user: try members.parts("user"), assistant: try members.parts("assistant"),
      header: try members.string("header"), userAfterSystem: try members.optionalParts("user_after_system"))
    try members.finish()
  }
}

extension ChatTemplate.Parts {
  fileprivate var json: JSONValue { [.string(prefix), .string(suffix)] }
}

extension JSONMembers {
  fileprivate mutating func parts(_ key: String) throws(IRError) -> ChatTemplate.Parts {
    guard let parts = try optionalParts(key) else {
      throw .expected("prefix and suffix", key: key, in: "chat template")
    }
    return parts
  }

  fileprivate mutating func optionalParts(_ key: String) throws(IRError) -> ChatTemplate.Parts? {
    guard let value = optional(key) else { return nil }
    guard case .array(let values) = value, values.count == 2, case .string(let prefix) = values[0],
      case .string(let suffix) = values[1]
    else { throw .expected("prefix and suffix", key: key, in: "chat template") }
    return ChatTemplate.Parts(prefix, suffix)
  }
}
