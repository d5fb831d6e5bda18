/// A pattern that parts words where capitals begin: OpenAI's `o200k_base`, and what Mistral's Tekken (Mistral NeMo) has of
/// it.
struct CasePattern: SplitPattern {
  /// So many digits at most make a piece.
  let digits: Int
  /// `'s`, `'t` and the like belong to the word before them.
  let takesContractions: Bool

  static let tekken = CasePattern(digits: 1, takesContractions: false)
  static let o200k = CasePattern(digits: 3, takesContractions: true)

  var expression: String {
    let contraction = takesContractions ? "(?i:'s|'t|'re|'ve|'m|'ll|'d)?" : ""
    return #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"# + contraction
      + #"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"# + contraction
      + #"|\p{N}"# + (digits > 1 ? "{1,\(digits)}" : "")
      + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  @inline(__always)
  func match(at index: Int, end: Int, in source: some CharacterSource) -> Int? {
    let first = source.character(at: index)
    if first.is(.number) {
      var count = 1
      return runEnd(from: first.end, end: end, in: source) {
        count += 1
        return count <= digits && $0.is(.number)
      }
    }
    if let wordEnd = wordEnd(from: index, first: first, end: end, in: source) {
      guard takesContractions, wordEnd < end else { return wordEnd }
      let next = source.character(at: wordEnd)
      return next.is("'") ? contractionEnd(from: next.end, end: end, in: source) ?? wordEnd : wordEnd
    }
    if let symbolEnd = symbolEnd(from: index, end: end, in: source) {
      return runEnd(from: symbolEnd, end: end, in: source) { $0.isLineBreak || $0.is("/") }
    }
    return whiteSpaceEnd(from: index, end: end, in: source, stoppingAtLines: true)
  }

  /// The end of a word with at most one other character in front, or `nil`.
  private func wordEnd(from index: Int, first: SourceCharacter, end: Int, in source: some CharacterSource) -> Int? {
    let mayLead = !first.isLineBreak && !first.is(.letter)
    if mayLead, let wordEnd = lowerCaseEnd(from: first.end, end: end, in: source) { return wordEnd }
    if let wordEnd = lowerCaseEnd(from: index, end: end, in: source) { return wordEnd }
    if mayLead, let wordEnd = upperCaseEnd(from: first.end, end: end, in: source) { return wordEnd }
    return upperCaseEnd(from: index, end: end, in: source)
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
