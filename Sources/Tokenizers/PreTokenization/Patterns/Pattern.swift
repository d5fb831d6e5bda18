/// The patterns that text is split by.
enum Pattern: Sendable {
  case gpt2
  case cl100k(CL100KPattern)
  case cased(CasePattern)
  case run(RunPattern)
  case word
  case literal(LiteralPattern)

  /// One character of a class.
  static func character(_ characterClass: CharacterClass) -> Pattern {
    .run(RunPattern(kind: RunPattern.Kind(classes: characterClass), count: 1...1))
  }

  /// The regular expressions that are known, by their exact text, and whose they are.
  private static let known: [(family: String, expression: String, pattern: Pattern)] =
    [
      ("GPT-2", GPT2Pattern.expression, .gpt2),
      ("Llama 3", CL100KPattern.llama3.expression, .cl100k(.llama3)),
      ("Qwen 2", CL100KPattern.qwen2.expression, .cl100k(.qwen2)),
      ("Mistral NeMo", CasePattern.tekken.expression, .cased(.tekken)),
      ("GPT-4o", CasePattern.o200k.expression, .cased(.o200k)),
    ] + RunPattern.known.map { ($0.family, $0.expression, .run($0.pattern)) }

  /// Reads the `pattern` of a `Split`.
  init(_ section: Section) throws(TokenizerError) {
    if let text = try section.string(ifPresent: "String") {
      guard let literal = LiteralPattern(text) else {
        throw section.unsupported("String", text, supported: ["a text that is not empty"])
      }
      self = .literal(literal)
      return
    }
    let expression = try section.string("Regex")
    guard let known = Self.known.first(where: { $0.expression.utf8.elementsEqual(expression.utf8) }) else {
      var families: [String] = []
      for known in Self.known where !families.contains(known.family) { families.append(known.family) }
      throw section.unsupported("Regex", expression, supported: families.map { "the pattern of \($0)" })
    }
    self = known.pattern
  }

  /// Splits the pieces of a text.
  func split(_ text: inout PreTokenizedText, _ behavior: SplitBehavior, isInverted: Bool = false) {
    switch self {
    case .gpt2: split(&text, by: GPT2Pattern(), behavior, isInverted)
    case .cl100k(let pattern): split(&text, by: pattern, behavior, isInverted)
    case .cased(let pattern): split(&text, by: pattern, behavior, isInverted)
    case .run(let pattern): split(&text, by: pattern, behavior, isInverted)
    case .word: split(&text, by: WordPattern(), behavior, isInverted)
    case .literal(let pattern): split(&text, by: pattern, behavior, isInverted)
    }
  }

  private func split(
    _ text: inout PreTokenizedText, by pattern: some SplitPattern, _ behavior: SplitBehavior, _ isInverted: Bool
  ) {
    if text.isByteLevel {
      split(&text, by: pattern, in: ByteLevelSource(text.bytes), behavior, isInverted)
    } else {
      split(&text, by: pattern, in: UTF8Source(text.bytes), behavior, isInverted)
    }
  }

  private func split(
    _ text: inout PreTokenizedText, by pattern: some SplitPattern, in source: some CharacterSource,
    _ behavior: SplitBehavior, _ isInverted: Bool
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
