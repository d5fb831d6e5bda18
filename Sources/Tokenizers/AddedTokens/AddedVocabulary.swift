/// The added tokens of a tokenizer, and how they are found in a text.
struct AddedVocabulary: Sendable {
  /// An added token under its ID.
  struct Entry: Sendable {
    let token: AddedToken
    /// How it is spelled for the decoder: as it is looked for.
    let spelling: [UInt8]
    /// It is left out when special tokens are.
    fileprivate(set) var isSkipped = false
  }

  /// By ID.
  private(set) var entries: [Int32: Entry] = [:]
  private var ids: [[UInt8]: Int32] = [:]
  private var special: Set<[UInt8]> = []
  /// What is looked for before normalization, and after it.
  private var exact = Matcher()
  private var normalized = Matcher()

  /// Gives each token its ID: the one it has in the vocabulary, else the next one free, counted from the vocabulary's
  /// number of tokens. (The IDs in the file are not looked at by the library either.)
  init(_ tokens: [AddedToken], vocabulary: Vocabulary, normalizer: Normalizer?) throws(TokenizerError) {
    var next = vocabulary.count
    for token in tokens where !token.content.isEmpty {
      let content = Array(token.content.utf8)
      let id: Int32
      if let known = ids[content] ?? vocabulary.id(of: content.span) {
        id = known
      } else {
        guard next <= Vocabulary.highestID else {
          throw TokenizerError(.idOutOfRange(token: token.content, id: next, limit: Vocabulary.highestID))
        }
        id = Int32(next)
        next += 1
      }
      ids[content] = id
      if token.isSpecial { special.insert(content) }
      let spelling = token.isNormalized ? normalizer?.normalize(content) ?? content : content
      entries[id] = Entry(token: token, spelling: spelling)
    }
    for (id, entry) in entries.sorted(by: { $0.key < $1.key }) {
      let isSpecial = special.contains(Array(entry.token.content.utf8))
      entries[id]?.isSkipped = special.contains(entry.spelling)
      let other =
        entry.token.isNormalized
        ? normalized.insert(entry, id: id, isSpecial: isSpecial) : exact.insert(entry, id: id, isSpecial: isSpecial)
      if let other, let first = entries[other]?.token.content {
        throw TokenizerError(.ambiguousAddedTokens(first: first, second: entry.token.content))
      }
    }
  }

  /// Highest ID + 1; 0 without tokens.
  var size: Int { entries.keys.max().map { Int($0) + 1 } ?? 0 }

  /// The ID of the added token that `text` spells.
  func id(of text: String) -> Int32? { ids[Array(text.utf8)] }

  /// Finds the tokens that are looked for in the text as it stands.
  func findExact(in text: inout PreTokenizedText, special: Bool) { exact.split(&text, special: special) }

  /// Finds the tokens that are looked for in normalized text.
  func findNormalized(in text: inout PreTokenizedText, special: Bool) { normalized.split(&text, special: special) }
}

/// Added tokens that are looked for at the same time.
private struct Matcher: Sendable {
  private var trie = TokenTrie()
  private var tokens: [Int32: AddedToken] = [:]
  private var special: Set<Int32> = []

  mutating func insert(_ entry: AddedVocabulary.Entry, id: Int32, isSpecial: Bool) -> Int32? {
    tokens[id] = entry.token
    if isSpecial { special.insert(id) }
    return entry.spelling.isEmpty ? nil : trie.insert(entry.spelling, token: id)
  }

  /// Cuts tokens out of the pieces of a text, the leftmost first, the longest of those that begin at one place.
  ///
  /// Special tokens that are not wanted hide what lies in them all the same, as in the library.
  func split(_ text: inout PreTokenizedText, special wantsSpecial: Bool) {
    guard tokens.count > (wantsSpecial ? 0 : special.count) else { return }
    var pieces: [PreTokenizedText.Piece] = []
    for piece in text.pieces {
      guard piece.isText else {
        pieces.append(piece)
        continue
      }
      var start = piece.start  // of the text that no token has taken
      var index = piece.start
      while index < piece.end {
        guard let (id, end) = trie.longestMatch(at: index, end: piece.end, in: text.bytes) else {
          index += 1
          continue
        }
        let plain = text.isPlain(index..<end)
        // What begins in one text and ends in the next hides nothing: neither has it.
        defer { index = plain.inPart && !plain.whole && special.contains(id) ? index + 1 : end }
        guard let token = tokens[id], wantsSpecial && !plain.inPart || !special.contains(id) else { continue }
        if token.isSingleWord, text.isWord(before: index, in: piece) || text.isWord(at: end, in: piece) { continue }
        let tokenStart = token.stripsLeft ? text.whiteSpaceStart(before: index, from: start) : index
        let tokenEnd =
          token.stripsRight ? text.whiteSpaceEnd(after: max(end, start), to: piece.end) : max(end, tokenStart)
        if start < tokenStart { pieces.append(piece.part(start, tokenStart)) }
        pieces.append(PreTokenizedText.Piece(start: tokenStart, end: tokenEnd, token: id, isFirst: false))
        start = tokenEnd
      }
      if start < piece.end { pieces.append(piece.part(start, piece.end)) }
    }
    text.pieces = pieces
  }
}

extension PreTokenizedText {
  /// Whether a word character ends at `index`.
  fileprivate func isWord(before index: Int, in piece: Piece) -> Bool {
    guard let start = characterStart(before: index, from: piece.start) else { return false }
    return isOf(.word, at: start)
  }

  /// Whether a word character starts at `index`.
  fileprivate func isWord(at index: Int, in piece: Piece) -> Bool { index < piece.end && isOf(.word, at: index) }

  /// Where the white space that ends at `index` starts, not before `limit`.
  fileprivate func whiteSpaceStart(before index: Int, from limit: Int) -> Int {
    var index = index
    while let start = characterStart(before: index, from: limit), isOf(.whiteSpace, at: start) { index = start }
    return max(index, limit)
  }

  /// Where the white space that starts at `index` ends.
  fileprivate func whiteSpaceEnd(after index: Int, to limit: Int) -> Int {
    var index = index
    while index < limit, isOf(.whiteSpace, at: index) { index = UTF8Character.decode(bytes, at: index).end }
    return index
  }

  private func characterStart(before index: Int, from limit: Int) -> Int? {
    guard index > limit else { return nil }
    var start = index - 1
    while start > limit, UTF8Character.isContinuation(bytes[start]) { start -= 1 }
    return start
  }

  private func isOf(_ characterClass: CharacterClass, at index: Int) -> Bool {
    !CharacterClassTable.shared[UTF8Character.decode(bytes, at: index).codePoint].isDisjoint(with: characterClass)
  }
}
