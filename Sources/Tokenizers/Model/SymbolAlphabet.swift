/// The symbols that a piece of text starts from: the tokens of its single bytes or characters.
struct SymbolAlphabet: Sendable {
  /// What becomes of a character that is no token.
  struct Fallback: Sendable {
    /// The tokens `<0x00>` to `<0xFF>`, -1 where there is none; empty without byte fallback.
    var byteTokens: [Int32] = []
    /// `unk_token`.
    var unknown: Int32?
    /// One unknown token stands for a run of unknown characters.
    var fusesUnknown = false
  }

  /// Symbols are bytes, spelled by the characters of `ByteAlphabet`; otherwise they are characters.
  let isByteLevel: Bool
  let fallback: Fallback
  let vocabulary: Vocabulary
  /// By byte for a byte-level vocabulary, else by ASCII character; -1 where it is no token.
  private let tokens: [Int32]

  init(isByteLevel: Bool, fallback: Fallback, vocabulary: Vocabulary) {
    self.isByteLevel = isByteLevel
    self.fallback = fallback
    self.vocabulary = vocabulary
    tokens =
      if isByteLevel {
        ByteAlphabet.characters.map { vocabulary.id(of: String(Character($0))) ?? -1 }
      } else {
        (UInt8(0)..<0x80).map { vocabulary.id(of: String(Character(UnicodeScalar($0)))) ?? -1 }
      }
  }

  /// Every character has symbols, so that `unk_token` is never needed.
  var isComplete: Bool {
    isByteLevel ? !tokens.contains(-1) : !fallback.byteTokens.isEmpty && !fallback.byteTokens.contains(-1)
  }

  /// The token of one character of `bytes`, or -1.
  @inline(__always)
  func token(of character: Range<Int>, in bytes: [UInt8]) -> Int32 {
    let first = bytes[character.lowerBound]
    if isByteLevel || first < 0x80 { return tokens[Int(first)] }
    return vocabulary.id(of: bytes.span.extracting(character)) ?? -1
  }

  /// End of the character that starts at `index`.
  @inline(__always)
  func end(ofCharacterAt index: Int, in bytes: [UInt8]) -> Int {
    isByteLevel ? index + 1 : index + UTF8Character.length(first: bytes[index])
  }

  /// Appends the symbols of `range` to `symbols`.
  ///
  /// A character that is no token becomes the tokens of its bytes, where there are such for all of them, else the
  /// unknown token, else nothing. The order of the last two is the library's: an unknown token is put down at the next
  /// character that is a token.
  func appendSymbols(of range: Range<Int>, in bytes: [UInt8], to symbols: inout [Int32]) {
    var pending: Int32?
    var index = range.lowerBound
    while index < range.upperBound {
      let character = index..<end(ofCharacterAt: index, in: bytes)
      index = character.upperBound
      let symbol = token(of: character, in: bytes)
      if symbol >= 0 {
        if let unknown = pending.take() { symbols.append(unknown) }
        symbols.append(symbol)
      } else if hasByteTokens(for: character, in: bytes) {
        for byte in bytes[character] { symbols.append(fallback.byteTokens[Int(byte)]) }
      } else if let unknown = fallback.unknown {
        if let previous = pending, !fallback.fusesUnknown { symbols.append(previous) }
        pending = unknown
      }
    }
    if let unknown = pending { symbols.append(unknown) }
  }

  /// Whether byte fallback takes a character that is no token.
  private func hasByteTokens(for character: Range<Int>, in bytes: [UInt8]) -> Bool {
    guard !fallback.byteTokens.isEmpty else { return false }
    return bytes[character].allSatisfy { fallback.byteTokens[Int($0)] >= 0 }
  }

  // MARK: Tokens

  /// The token that a whole piece spells.
  func token(spelling piece: Span<UInt8>) -> Int32? {
    guard isByteLevel else { return vocabulary.id(of: piece) }
    var spelling: [UInt8] = []
    for index in piece.indices {
      spelling.append(contentsOf: Character(ByteAlphabet.characters[Int(piece[index])]).utf8)
    }
    return vocabulary.id(of: spelling.span)
  }

  /// The symbols of the first and of the last character of a token, -1 for one that is no token itself.
  func edges(of token: Int32) -> (first: Int32, last: Int32) {
    guard let spelling = vocabulary.bytes(of: token), let byte = spelling.first else { return (-1, -1) }
    let first = spelling.prefix(UTF8Character.length(first: byte))
    let last = spelling[(spelling.lastIndex { !UTF8Character.isContinuation($0) } ?? spelling.startIndex)...]
    return (vocabulary.id(of: first.span) ?? -1, vocabulary.id(of: last.span) ?? -1)
  }

  /// Hands out the symbols of each two characters that are side by side in a token.
  func forEachSeam(within token: Int32, _ body: (Int32, Int32) -> Void) {
    guard let spelling = vocabulary.bytes(of: token) else { return }
    var previous: Int32?
    var index = spelling.startIndex
    while index < spelling.endIndex {
      let end = min(index + UTF8Character.length(first: spelling[index]), spelling.endIndex)
      let symbol =
        !isByteLevel && spelling[index] < 0x80
        ? tokens[Int(spelling[index])] : vocabulary.id(of: spelling[index..<end].span) ?? -1
      if let previous { body(previous, symbol) }
      previous = symbol
      index = end
    }
  }
}
