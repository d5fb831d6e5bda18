/// Where one match of a pattern ends.
protocol SplitPattern {
  /// The end of the match that starts at `index`, as a regular expression engine finds it: the first alternative that
  /// matches, and of it the first way; `nil` if none does.
  ///
  /// - Parameter end: the end of the piece, which the pattern sees as the end of the text.
  func match(at index: Int, end: Int, in source: some CharacterSource) -> Int?
}

/// The pattern of GPT-2, built into the `ByteLevel` pre-tokenizer.
struct GPT2Pattern: SplitPattern {
  static let text = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  @inline(__always)
  func match(at index: Int, end: Int, in source: some CharacterSource) -> Int? {
    var first = source.character(at: index)
    if first.is("'"), let contraction = contractionEnd(after: first.end, end: end, in: source) { return contraction }
    if first.is(" "), first.end < end {
      let second = source.character(at: first.end)
      if !second.isAny(of: .whiteSpace) { first = second }
    }
    if first.isAny(of: .whiteSpace) { return whiteSpaceEnd(at: index, end: end, in: source) }
    let kind = first.characterClass.intersection([.letter, .number])
    return runEnd(from: first.end, end: end, in: source) {
      $0.characterClass.intersection([.letter, .number, .whiteSpace]) == kind
    }
  }

  /// End of `s`, `t`, `re`, `ve`, `m`, `ll` or `d` behind an apostrophe.
  private func contractionEnd(after index: Int, end: Int, in source: some CharacterSource) -> Int? {
    guard index < end else { return nil }
    let first = source.character(at: index)
    switch first.codePoint {
    case "s", "t", "m", "d": return first.end
    case "r", "v", "l":
      guard first.end < end else { return nil }
      let second = source.character(at: first.end)
      return second.is(first.is("l") ? "l" : "e") ? second.end : nil
    default: return nil
    }
  }
}

extension SplitPattern {
  /// The end of the run of characters from `index` on that satisfy `condition`.
  @inline(__always)
  func runEnd(
    from index: Int, end: Int, in source: some CharacterSource, while condition: (SourceCharacter) -> Bool
  ) -> Int {
    var index = index
    while index < end {
      let character = source.character(at: index)
      guard condition(character) else { break }
      index = character.end
    }
    return index
  }

  /// The end of a match of `\s+(?!\S)|\s+` at white space: all of it at the end of the text, else all but the last
  /// character, unless it is the only one.
  @inline(__always)
  func whiteSpaceEnd(at start: Int, end: Int, in source: some CharacterSource) -> Int {
    var index = start
    var last = start
    while index < end {
      let character = source.character(at: index)
      guard character.isAny(of: .whiteSpace) else { return last > start ? last : index }
      last = index
      index = character.end
    }
    return index
  }
}

/// Lets code points be compared with characters in patterns.
@inline(__always)
func ~= (character: UnicodeScalar, codePoint: UInt32) -> Bool { character.value == codePoint }
