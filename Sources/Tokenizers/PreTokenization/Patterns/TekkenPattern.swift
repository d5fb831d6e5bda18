/// The pattern of Mistral's Tekken tokenizers (Mistral NeMo), which parts words where capitals begin.
struct TekkenPattern: SplitPattern {
  static let expression =
    #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"#
    + #"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"#
    + #"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  @inline(__always)
  func match(at index: Int, end: Int, in source: some CharacterSource) -> Int? {
    let first = source.character(at: index)
    if first.is(.number) { return first.end }
    let mayLead = !first.isLineBreak && !first.is(.letter)
    if mayLead, let wordEnd = lowerCaseEnd(from: first.end, end: end, in: source) { return wordEnd }
    if let wordEnd = lowerCaseEnd(from: index, end: end, in: source) { return wordEnd }
    if mayLead, let wordEnd = upperCaseEnd(from: first.end, end: end, in: source) { return wordEnd }
    if let wordEnd = upperCaseEnd(from: index, end: end, in: source) { return wordEnd }
    if let symbolEnd = symbolEnd(from: index, end: end, in: source) {
      return runEnd(from: symbolEnd, end: end, in: source) { $0.isLineBreak || $0.is("/") }
    }
    return whiteSpaceEnd(from: index, end: end, in: source, stoppingAtLines: true)
  }

  /// The end of `[upper]*[lower]+`; a character that has no case is in both sets.
  ///
  /// The first part takes all that it can, and gives back as much as the second one needs: from the last character that
  /// is in both sets on.
  private func lowerCaseEnd(from start: Int, end: Int, in source: some CharacterSource) -> Int? {
    var index = start
    var caselessEnd: Int?
    while index < end {
      let character = source.character(at: index)
      guard character.is(.upperCaseLike) else { break }
      index = character.end
      if character.is(.lowerCaseLike) { caselessEnd = index }
    }
    let wordEnd = runEnd(from: index, end: end, in: source) { $0.is(.lowerCaseLike) }
    return wordEnd > index ? wordEnd : caselessEnd
  }

  /// The end of `[upper]+[lower]*`.
  private func upperCaseEnd(from start: Int, end: Int, in source: some CharacterSource) -> Int? {
    let upperEnd = runEnd(from: start, end: end, in: source) { $0.is(.upperCaseLike) }
    guard upperEnd > start else { return nil }
    return runEnd(from: upperEnd, end: end, in: source) { $0.is(.lowerCaseLike) }
  }
}
