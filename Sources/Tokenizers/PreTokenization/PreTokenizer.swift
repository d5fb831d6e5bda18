/// Cuts normalized text into the pieces that the model sees one by one.
indirect enum PreTokenizer: Sendable {
  /// Splits by a pattern, or by what lies between its matches.
  case split(Pattern, SplitBehavior, isInverted: Bool)
  /// Goes over to bytes, with a space before each piece that begins with none, and GPT-2's pattern, if wanted.
  case byteLevel(addsPrefixSpace: Bool, usesPattern: Bool)
  /// Puts a character in the place of spaces, and splits before it, if wanted.
  case metaspace(Metaspace)
  /// One after the other.
  case sequence([PreTokenizer])

  /// Whether what it makes are bytes.
  var isByteLevel: Bool {
    switch self {
    case .split, .metaspace: false
    case .byteLevel: true
    case .sequence(let steps): steps.contains { $0.isByteLevel }
    }
  }

  /// Whether it does more than cut.
  var rewritesText: Bool {
    switch self {
    case .split: false
    case .byteLevel, .metaspace: true
    case .sequence(let steps): steps.contains { $0.rewritesText }
    }
  }

  /// Cuts the pieces of a text.
  func apply(to text: inout PreTokenizedText) {
    switch self {
    case .split(let pattern, let behavior, let isInverted):
      pattern.split(&text, behavior, isInverted: isInverted)
    case .byteLevel(let addsPrefixSpace, let usesPattern):
      if addsPrefixSpace { Self.addPrefixSpaces(to: &text) }
      if usesPattern { Pattern.gpt2.split(&text, .isolated) }
      text.isByteLevel = true
    case .metaspace(let metaspace): metaspace.apply(to: &text)
    case .sequence(let steps):
      for step in steps { step.apply(to: &text) }
    }
  }

  private static func addPrefixSpaces(to text: inout PreTokenizedText) {
    text.rewrite { piece, _, result in
      if piece.first != UInt8(ascii: " ") { result.append(UInt8(ascii: " ")) }
      result += piece
    }
  }
}
