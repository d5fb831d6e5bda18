internal import Failure
internal import JSONText
internal import PromptCache

/// One message of a chat request.
struct Message {
  /// A part of what it says.
  struct Part {
    let text: String
    /// Whether the states up to its end are to be kept in the store.
    let isKept: Bool
  }

  let role: ChatTemplate.Role
  let parts: [Part]

  /// What it says: the parts' texts, one after the other.
  var text: String { parts.map(\.text).joined() }

  /// Whether the states up to the end of one of its parts are to be kept.
  var isKept: Bool { parts.contains(where: \.isKept) }

  /// The message as a conversation's.
  var inConversation: ChatMessage {
    ChatMessage(role: role.rawValue, parts: parts.map { ChatMessage.Part($0.text, isKept: $0.isKept) })
  }

  /// Reads the messages of a request.
  ///
  /// - Throws: `APIError` that names what is wrong.
  static func read(_ fields: RequestFields) throws(APIError) -> [Self]? {
    guard let elements = try fields.array("messages") else { return nil }
    var messages: [Self] = []
    for (index, element) in elements.enumerated() { messages.append(try Self(element, at: "messages[\(index)]")) }
    return messages
  }

  private init(_ value: JSONValue, at place: String) throws(APIError) {
    guard case .object(let members) = value else {
      throw .invalid("\(place.quoted()) is \(value.kind), not an object", parameter: place)
    }
    role = try Self.role(members["role"], at: "\(place).role")
    if let calls = members["tool_calls"], calls != .null, calls != .array([]) {
      throw .invalid(
        "this server calls no tools", parameter: "\(place).tool_calls", code: "unsupported_parameter")
    }
    let isKept = try Self.asksToKeep(members, at: place)
    switch members["content"] {
    case .string(let text)?: parts = [Part(text: text, isKept: isKept)]
    case .array(let elements)?:
      var parts: [Part] = []
      for (index, element) in elements.enumerated() {
        let isLast = index == elements.count - 1
        parts.append(try Self.part(element, at: "\(place).content[\(index)]", isKept: isKept && isLast))
      }
      self.parts = parts
    case nil, .null?: throw .invalid("\(place.quoted()) has no content", parameter: "\(place).content")
    case let other?:
      throw .invalid(
        "the content of \(place.quoted()) is \(other.kind), not a string or an array of parts",
        parameter: "\(place).content")
    }
  }

  private static func role(_ value: JSONValue?, at place: String) throws(APIError) -> ChatTemplate.Role {
    switch value {
    case "system", "developer": return .system
    case "user": return .user
    case "assistant": return .assistant
    case "tool", "function":
      throw .invalid("this server calls no tools", parameter: place, code: "unsupported_parameter")
    case let other:
      throw .invalid(
        "a message's role is system, developer, user or assistant, not \((other ?? .null).text.quoted())",
        parameter: place)
    }
  }

  private static func part(_ value: JSONValue, at place: String, isKept: Bool) throws(APIError) -> Part {
    guard case .object(let members) = value else {
      if case .string(let text) = value { return Part(text: text, isKept: isKept) }
      throw .invalid("\(place.quoted()) is \(value.kind), not an object", parameter: place)
    }
    guard members["type"] ?? "text" == "text" else {
      throw .invalid(
        "a part is `text` in this server, not \((members["type"] ?? .null).text.quoted())", parameter: place,
        code: "unsupported_parameter")
    }
    guard case .string(let text)? = members["text"] else {
      throw .invalid("\(place.quoted()) has no text", parameter: "\(place).text")
    }
    return Part(text: text, isKept: try asksToKeep(members, at: place) || isKept)
  }

  /// Whether a block asks for the states up to its end to be kept: Anthropic's `cache_control`, or OpenAI's
  /// `prompt_cache_breakpoint`.
  private static func asksToKeep(_ members: [String: JSONValue], at place: String) throws(APIError) -> Bool {
    var isKept = false
    for name in ["cache_control", "prompt_cache_breakpoint"] {
      switch members[name] {
      case nil, .null?, .bool(false)?: continue
      case .bool(true)?, .object?: isKept = true
      case let other?:
        throw .invalid("`\(name)` is \(other.kind), not an object", parameter: "\(place).\(name)")
      }
    }
    return isKept
  }
}
