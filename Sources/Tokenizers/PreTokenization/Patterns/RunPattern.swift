/// Runs of characters of one kind: `[…]{1,3}`, `\s?[…]+` and the like.
struct RunPattern: SplitPattern {
  /// A set of characters.
  struct Kind {
    var classes: CharacterClass = []
    var ranges: [ClosedRange<UInt32>] = []

    @inline(__always)
    func contains(_ character: SourceCharacter) -> Bool {
      character.is(classes) || ranges.contains { $0.contains(character.codePoint) }
    }
  }

  let kind: Kind
  /// How many characters match: as many as there are, within these bounds.
  var count = 1...Int.max
  /// One character of white space before the run belongs to it.
  var takesWhiteSpace = false

  /// Patterns by the expressions for them, and whose they are.
  static let known: [(family: String, expression: String, pattern: RunPattern)] = [
    ("Falcon", "[0-9][0-9][0-9]", RunPattern(kind: Kind(ranges: [0x30...0x39]), count: 3...3)),
    ("DeepSeek Coder", #"\p{N}"#, RunPattern(kind: Kind(classes: .number), count: 1...1)),
    ("DeepSeek Coder", #"\p{N}{1,3}"#, RunPattern(kind: Kind(classes: .number), count: 1...3)),
    ("DeepSeek Coder", #"[\r\n]"#, RunPattern(kind: Kind(ranges: [0x0A...0x0A, 0x0D...0x0D]), count: 1...1)),
    ("DeepSeek Coder", #"\s?\p{L}+"#, RunPattern(kind: Kind(classes: .letter), takesWhiteSpace: true)),
    ("DeepSeek Coder", #"\s?\p{P}+"#, RunPattern(kind: Kind(classes: .patternPunctuation), takesWhiteSpace: true)),
    (
      "DeepSeek Coder", "[一-龥ࠀ-一가-퟿]+",
      RunPattern(kind: Kind(ranges: [0x4E00...0x9FA5, 0x0800...0x4E00, 0xAC00...0xD7FF]))
    ),
  ]

  @inline(__always)
  func match(at index: Int, end: Int, in source: some CharacterSource) -> Int? {
    if takesWhiteSpace {
      let first = source.character(at: index)
      if first.is(.whiteSpace), let runEnd = match(from: first.end, end: end, in: source) { return runEnd }
    }
    return match(from: index, end: end, in: source)
  }

  private func match(from start: Int, end: Int, in source: some CharacterSource) -> Int? {
    var found = 0
    let runEnd = runEnd(from: start, end: end, in: source) {
      guard found < count.upperBound, kind.contains($0) else { return false }
      found += 1
      return true
    }
    return found >= count.lowerBound ? runEnd : nil
  }
}

/// `\w+|[^\w\s]+`, built into the `Whitespace` pre-tokenizer.
struct WordPattern: SplitPattern {
  func match(at index: Int, end: Int, in source: some CharacterSource) -> Int? {
    let first = source.character(at: index)
    guard !first.is(.whiteSpace) else { return nil }
    return runEnd(from: first.end, end: end, in: source) {
      $0.is(.word) == first.is(.word) && !$0.is(.whiteSpace)
    }
  }
}

/// A text that stands for itself.
struct LiteralPattern: SplitPattern {
  /// At least one code point.
  let codePoints: [UInt32]

  /// - Returns: `nil` for an empty text.
  init?(_ text: String) {
    guard !text.isEmpty else { return nil }
    codePoints = text.unicodeScalars.map(\.value)
  }

  func match(at index: Int, end: Int, in source: some CharacterSource) -> Int? {
    var index = index
    for codePoint in codePoints {
      guard index < end else { return nil }
      let character = source.character(at: index)
      guard character.codePoint == codePoint else { return nil }
      index = character.end
    }
    return index
  }
}
