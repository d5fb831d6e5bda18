internal import GGUF

/// The tokens of a GGUF file with what it says about each, checked.
struct GGUFVocabulary {
  /// What a token is for (`tokenizer.ggml.token_type`).
  enum Kind: Int {
    case normal = 1
    case unknown = 2
    /// Marks up a sequence; never made of text.
    case control = 3
    /// Found in the text before anything else is done to it.
    case userDefined = 4
    case unused = 5
    /// One byte.
    case byte = 6
  }

  let vocabulary: Vocabulary
  let kinds: [Kind]

  init(_ header: GGUFHeader) throws(TokenizerError) {
    guard let tokens = try header.tokenizerValue({ key throws(GGUFError) in try header.texts(key) }, "tokens"),
      !tokens.isEmpty
    else { throw .gguf(.missing(field: "tokenizer.ggml.tokens")) }
    guard tokens.count <= Vocabulary.highestID else {
      throw .gguf(.idOutOfRange(token: "", id: tokens.count, limit: Vocabulary.highestID))
    }
    let types = try header.tokenizerValue({ key throws(GGUFError) in try header.integers(key) }, "token_type")
    if let types, types.count != tokens.count {
      throw .gguf(
        .mistyped(
          field: "tokenizer.ggml.token_type", expected: "a list of \(tokens.count)", found: "a list of \(types.count)"))
    }
    var kinds: [Kind] = []
    kinds.reserveCapacity(tokens.count)
    for index in tokens.indices {
      let type = types?[index] ?? Kind.normal.rawValue
      // 0 is "undefined", which converters write for what is ordinary.
      guard let kind = type == 0 ? .normal : Kind(rawValue: type) else {
        throw .gguf(
          .unsupported(field: "tokenizer.ggml.token_type", found: "\(type)", supported: ["0 to 6"]))
      }
      kinds.append(kind)
    }
    var vocabulary = Vocabulary()
    for (id, token) in tokens.enumerated() {
      _ = try vocabulary.insert { arena throws(TokenizerError) in
        arena += token
        return id
      }
    }
    self.vocabulary = vocabulary
    self.kinds = kinds
  }

  /// Tokens that are looked for in the text itself.
  var addedTokens: [AddedToken] {
    kinds.indices.compactMap { id in
      guard kinds[id] == .control || kinds[id] == .unknown || kinds[id] == .userDefined else { return nil }
      let content = vocabulary.text(of: Int32(id))
      return content.isEmpty ? nil : AddedToken(content: content, isSpecial: kinds[id] != .userDefined)
    }
  }

  /// The special tokens that keys name, by the names that chat templates give them.
  func namedTokens(_ header: GGUFHeader) throws(TokenizerError) -> [String: String] {
    var named: [String: String] = [:]
    for (name, key) in [
      ("bos_token", "bos_token_id"), ("eos_token", "eos_token_id"), ("unk_token", "unknown_token_id"),
      ("pad_token", "padding_token_id"),
    ] {
      if let token = try token(header, key) { named[name] = vocabulary.text(of: token) }
    }
    return named
  }

  /// A token that a key names by its ID, or `nil` where there is no such key.
  func token(_ header: GGUFHeader, _ key: String) throws(TokenizerError) -> Int32? {
    guard let id = try header.tokenizerValue({ key throws(GGUFError) in try header.integer(key) }, key) else {
      return nil
    }
    guard id >= 0, id < kinds.count else {
      throw .gguf(.tokenOutOfVocabulary(field: "tokenizer.ggml.\(key)", token: "\(id)"))
    }
    return Int32(id)
  }
}

extension GGUFHeader {
  /// A value of a key of the tokenizer.
  func tokenizerValue<T>(
    _ read: (_ key: String) throws(GGUFError) -> T?, _ key: String
  ) throws(TokenizerError) -> T? {
    let name = "tokenizer.ggml.\(key)"
    do throws(GGUFError) {
      return try read(name)
    } catch {
      guard case .wrongValue(_, let expected, let found) = error else {
        throw .gguf(.missing(field: name))
      }
      throw .gguf(.mistyped(field: name, expected: expected, found: found))
    }
  }
}

extension TokenizerError {
  /// A problem of a GGUF file's tokenizer.
  static func gguf(_ problem: Problem) -> TokenizerError { TokenizerError(problem, in: ggufFile) }
}
