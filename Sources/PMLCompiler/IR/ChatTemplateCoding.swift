import JSONText

extension ChatTemplate {
  /// What `init(json:)` reads.
  var json: JSONValue {
    var json: [String: JSONValue] = [
      "system": system.json, "user": user.json, "assistant": assistant.json, "header": .string(header),
    ]
    json["user_after_system"] = userAfterSystem?.json
    return .object(json)
  }
}

extension ChatTemplate.Parts {
  fileprivate var json: JSONValue { [.string(prefix), .string(suffix)] }
}
