/// The pattern of OpenAI's `cl100k_base`, in the forms that Llama 3 and Qwen 2 have of it.
struct CL100KPattern: SplitPattern {
  /// So many digits at most make a piece.
  let digits: Int

  static let llama3 = CL100KPattern(digits: 3)
  static let qwen2 = CL100KPattern(digits: 1)

  var expression: String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + (digits > 1 ? "{1,\(digits)}" : "")
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  @inline(__always)
  func match(at index: Int, end: Int, in source: some CharacterSource) -> Int? {
    let first = source.character(at: index)
    if first.is("'"), let contraction = contractionEnd(from: first.end, end: end, in: source) { return contraction }
    if first.is(.letter) { return letterEnd(from: first.end, end: end, in: source) }
    if first.is(.number) {
      var count = 1
      return runEnd(from: first.end, end: end, in: source) {
        count += 1
        return count <= digits && $0.is(.number)
      }
    }
    if !first.isLineBreak {
      let wordEnd = letterEnd(from: first.end, end: end, in: source)
      if wordEnd > first.end { return wordEnd }
    }
    if let symbolEnd = symbolEnd(from: index, end: end, in: source) {
      return runEnd(from: symbolEnd, end: end, in: source) { $0.isLineBreak }
    }
    return whiteSpaceEnd(from: index, end: end, in: source, stoppingAtLines: true)
  }
}

extension SplitPattern {
  /// The end of `s`, `t`, `re`, `ve`, `m`, `ll` or `d` in either case.
  func contractionEnd(from index: Int, end: Int, in source: some CharacterSource) -> Int? {
    guard index < end else { return nil }
    let first = source.character(at: index)
    switch first.codePoint {
    // The long s is an s without regard to case.
    case "s", "S", "ſ", "t", "T", "m", "M", "d", "D": return first.end
    case "r", "R", "v", "V", "l", "L":
      guard first.end < end else { return nil }
      let second = source.character(at: first.end)
      let expected: UnicodeScalar = first.codePoint | 0x20 == "l" ? "l" : "e"
      return second.codePoint | 0x20 == expected ? second.end : nil
    default: return nil
    }
  }

  /// The end of ` ?[^\s\p{L}\p{N}]+`, or `nil`.
  @inline(__always)
  func symbolEnd(from index: Int, end: Int, in source: some CharacterSource) -> Int? {
    let first = source.character(at: index)
    let start = first.is(" ") ? first.end : index
    let symbolEnd = runEnd(from: start, end: end, in: source) { !$0.is([.whiteSpace, .letter, .number]) }
    return symbolEnd > start ? symbolEnd : nil
  }
}
