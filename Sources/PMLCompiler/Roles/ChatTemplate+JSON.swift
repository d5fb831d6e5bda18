internal import Failure
public import JSONText

/// Why a JSON file is no chat template.
public enum ChatTemplateError: Error, Hashable, Sendable {
  /// It is not JSON.
  case notJSON(JSONError)
  /// It is JSON, but no object.
  case notObject
  /// It does not have this part.
  case missing(String)
  /// It has a part that no template has.
  case unknown(String)
  /// The part is not an array of two strings.
  case notTwoStrings(String)
  /// The part is not a string.
  case notString(String)
}

extension ChatTemplateError: CustomStringConvertible {
  /// What is wrong, and what a template looks like.
  public var description: String {
    let problem =
      switch self {
      case .notJSON(let error): "it is not JSON: \(error)"
      case .notObject: "it is not a JSON object"
      case .missing(let key): "it has no `\(key)`"
      case .unknown(let key): "it has \(key.quoted()), which is no part of a template"
      case .notTwoStrings(let key): "its `\(key)` is not an array of two strings"
      case .notString(let key): "its `\(key)` is not a string"
      }
    return problem
      + #"; a chat template is {"system": [prefix, suffix], "user": […], "assistant": […], "header": "…"}, "#
      + "and `user_after_system` where that differs"
  }
}

extension ChatTemplate {
  /// Reads a template from a JSON object of its parts.
  public init(json bytes: [UInt8]) throws(ChatTemplateError) {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: bytes, rules: .compiler)
    } catch {
      throw .notJSON(error)
    }
    guard case .object(var members) = value else { throw .notObject }
    let system = try Self.parts("system", of: &members)
    let user = try Self.parts("user", of: &members)
    let assistant = try Self.parts("assistant", of: &members)
    guard let headerValue = members.removeValue(forKey: "header") else { throw .missing("header") }
    guard case .string(let header) = headerValue else { throw .notString("header") }
    let userAfterSystem =
      members["user_after_system"] == nil ? nil : try Self.parts("user_after_system", of: &members)
    if let key = members.keys.min() { throw .unknown(key) }
    self.init(system: system, user: user, assistant: assistant, header: header, userAfterSystem: userAfterSystem)
  }

  /// What `init(json:)` reads.
  var json: JSONValue {
    var json: [String: JSONValue] = [
      "system": system.json, "user": user.json, "assistant": assistant.json, "header": .string(header),
    ]
    json["user_after_system"] = userAfterSystem?.json
    return .object(json)
  }

  private static func parts(_ key: String, of members: inout [String: JSONValue]) throws(ChatTemplateError) -> Parts {
    guard let value = members.removeValue(forKey: key) else { throw .missing(key) }
    guard case .array(let parts) = value, parts.count == 2, case .string(let prefix) = parts[0],
      case .string(let suffix) = parts[1]
    else { throw .notTwoStrings(key) }
    return Parts(prefix, suffix)
  }
}

extension ChatTemplate.Parts {
  fileprivate var json: JSONValue { [.string(prefix), .string(suffix)] }
}
