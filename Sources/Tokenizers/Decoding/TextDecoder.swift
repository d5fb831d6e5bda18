/// How tokens become text: the `decoder` of a tokenizer.
enum TextDecoder: Sendable {
  /// From the characters that stand for bytes to these.
  case byteLevel
  /// From tokens like `<0x0A>` to bytes.
  case byteFallback
  /// All tokens to one.
  case fuse
  /// Replaces a text in each token.
  case replace(ByteReplacement)
  /// Drops a character from both ends of each token.
  case strip(character: [UInt8], start: Int, stop: Int)
  /// From the character that stands for spaces to these.
  case metaspace(character: [UInt8], dropsFirst: Bool)
  /// One after the other.
  case sequence([TextDecoder])
  /// No decoder: tokens with spaces between them.
  case spaces

  /// The stages that do it, ready for the first token.
  func makeStages() -> [any DecodingStage] {
    switch self {
    case .byteLevel: [ByteLevelStage()]
    case .byteFallback: [ByteFallbackStage()]
    case .fuse: [FuseStage()]
    case .replace(let replacement): [ReplaceStage(replacement)]
    case .strip(let character, let start, let stop): [StripStage(character: character, start: start, stop: stop)]
    case .metaspace(let character, let dropsFirst): [MetaspaceStage(character: character, dropsFirst: dropsFirst)]
    case .sequence(let steps): steps.flatMap { $0.makeStages() }
    case .spaces: [SpaceStage()]
    }
  }
}
