/// The pattern of GPT-2, built into the `ByteLevel` pre-tokenizer.
struct GPT2Pattern: SplitPattern {
  static let expression = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  @inline(__always)
  func match(at index: Int, end: Int, in source: some CharacterSource) -> Int? {
    var first = source.character(at: index)
    if first.is("'"), let contraction = contractionEnd(from: first.end, end: end, in: source) { return contraction }
    if first.is(" "), first.end < end {
      let second = source.character(at: first.end)
      if !second.is(.whiteSpace) { first = second }
    }
    if first.is(.whiteSpace) { return whiteSpaceEnd(from: index, end: end, in: source) }
    let kind = first.characterClass.intersection([.letter, .number])
    return runEnd(from: first.end, end: end, in: source) {
      $0.characterClass.intersection([.letter, .number, .whiteSpace]) == kind
    }
  }

  /// The end of `s`, `t`, `re`, `ve`, `m`, `ll` or `d`.
  private func contractionEnd(from index: Int, end: Int, in source: some CharacterSource) -> Int? {
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
