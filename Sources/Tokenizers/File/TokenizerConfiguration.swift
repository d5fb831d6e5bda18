import JSONText

/// `tokenizer_config.json`, as far as it matters here.
struct TokenizerConfiguration {
  static let name = "tokenizer_config.json"

  /// Whether BOS begins a sequence; `nil` where the file does not say.
  let addsBeginOfSequence: Bool?
  let beginOfSequence: String?
  let endOfSequence: String?
  let chatTemplate: String?
  /// Texts of all tokens that it names, by their names: `bos_token`, `eos_token` and others.
  let namedTokens: [String: String]

  /// - Parameter bytes: the file's, or `nil` where there is none.
  init(_ bytes: [UInt8]?) throws(TokenizerError) {
    var value = JSONValue.object([:])
    if let bytes {
      var reader = try FileReader(bytes, file: Self.name)
      value = try reader.readValue()
      try reader.finish()
    }
    let section = try Section(value, in: Self.name, at: "")
    addsBeginOfSequence = try section.bool(ifPresent: "add_bos_token")
    beginOfSequence = try Self.token("bos_token", section)
    endOfSequence = try Self.token("eos_token", section)
    chatTemplate = try Self.chatTemplate(section)
    var tokens: [String: String] = [:]
    if case .object(let members) = value {
      for (key, value) in members where key.hasSuffix("_token") {
        if case .string(let text) = value { tokens[key] = text }
        if case .object = value { tokens[key] = try Self.token(key, section) }
      }
    }
    namedTokens = tokens
  }

  /// A token given as a string, or as an object with its `content`.
  private static func token(_ key: String, _ section: Section) throws(TokenizerError) -> String? {
    if case .object? = section[ifPresent: key] { return try section.section(key).string("content") }
    return try section.string(ifPresent: key)
  }

  /// A string, or of a list of named ones the one called `default`, else the first.
  private static func chatTemplate(_ section: Section) throws(TokenizerError) -> String? {
    guard case .array? = section[ifPresent: "chat_template"] else {
      return try section.string(ifPresent: "chat_template")
    }
    let templates = try section.sections(ifPresent: "chat_template")
    for template in templates where try template.string("name") == "default" {
      return try template.string("template")
    }
    return try templates.first?.string("template")
  }
}
