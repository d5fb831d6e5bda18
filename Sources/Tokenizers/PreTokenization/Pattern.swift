/// The patterns that text is split by, each with a scanner of its own.
enum Pattern: Sendable {
  case gpt2

  /// The pattern that a regular expression in a file stands for, by its exact text.
  init?(regularExpression: String) {
    switch regularExpression {
    case GPT2Pattern.text: self = .gpt2
    default: return nil
    }
  }

  /// Splits the pieces of a text.
  func split(_ text: inout PreTokenizedText, _ behavior: SplitBehavior, isInverted: Bool) {
    switch self {
    case .gpt2: split(&text, by: GPT2Pattern(), behavior, isInverted: isInverted)
    }
  }

  private func split(
    _ text: inout PreTokenizedText, by pattern: some SplitPattern, _ behavior: SplitBehavior, isInverted: Bool
  ) {
    if text.isByteLevel {
      split(&text, by: pattern, in: ByteLevelSource(text.bytes), behavior, isInverted: isInverted)
    } else {
      split(&text, by: pattern, in: UTF8Source(text.bytes), behavior, isInverted: isInverted)
    }
  }

  private func split(
    _ text: inout PreTokenizedText, by pattern: some SplitPattern, in source: some CharacterSource,
    _ behavior: SplitBehavior, isInverted: Bool
  ) {
    text.split(behavior) { piece, collector in
      var start = piece.start  // of what no match has covered
      var index = piece.start
      while index < piece.end {
        guard let end = pattern.match(at: index, end: piece.end, in: source) else {
          index = source.character(at: index).end
          continue
        }
        if start < index { collector.append(start, index, isMatch: isInverted) }
        collector.append(index, end, isMatch: !isInverted)
        start = end
        index = end
      }
      if start < piece.end { collector.append(start, piece.end, isMatch: isInverted) }
    }
  }
}
