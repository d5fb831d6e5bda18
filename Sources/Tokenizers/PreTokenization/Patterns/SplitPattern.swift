/// A regular expression, as a scanner written by hand.
protocol SplitPattern {
  /// The end of the match that starts at `index`, as a regular expression engine finds it: the first alternative that
  /// matches, and of it the first way; `nil` if none does.
  ///
  /// - Parameter end: the end of the piece, which the pattern sees as the end of the text.
  func match(at index: Int, end: Int, in source: some CharacterSource) -> Int?
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

  /// The end of the run of letters from `index` on; `index` itself if there is none.
  @inline(__always)
  func letterEnd(from index: Int, end: Int, in source: some CharacterSource) -> Int {
    runEnd(from: index, end: end, in: source) { $0.is(.letter) }
  }

  /// The end of the match of `\s+(?!\S)|\s+` at white space: all of it at the end of the text, else all but the last
  /// character, unless that is the only one. With `stoppingAtLines` of `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last line
  /// break, if there is one.
  @inline(__always)
  func whiteSpaceEnd(
    from start: Int, end: Int, in source: some CharacterSource, stoppingAtLines: Bool = false
  ) -> Int {
    var index = start
    var last = start
    var lineEnd: Int?
    while index < end {
      let character = source.character(at: index)
      guard character.is(.whiteSpace) else { return lineEnd ?? (last > start ? last : index) }
      last = index
      index = character.end
      if stoppingAtLines, character.isLineBreak { lineEnd = index }
    }
    return lineEnd ?? index
  }
}
