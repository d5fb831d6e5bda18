/// Encodes the pieces of one text.
///
/// Time is linear in the text but for pieces without a seam that are longer than the cache keeps: n log n in these.
struct BytePairEncoder {
  private let model: BytePairEncoding
  /// All pieces lie in here.
  private let bytes: [UInt8]
  /// What has been encoded so far.
  private(set) var tokens: [Int32] = []

  private var cache: WordCache
  // Scratch of one piece.
  private var symbols: [Int32] = []
  private var merges: [MergeTable.Merge] = []

  init(model: BytePairEncoding, bytes: [UInt8]) {
    self.model = model
    self.bytes = bytes
    cache = WordCache(bytes: bytes.count)
    tokens.reserveCapacity(bytes.count / 3)
  }

  /// Appends a token as it is.
  mutating func append(_ token: Int32) { tokens.append(token) }

  /// Appends the tokens of a piece.
  mutating func append(_ piece: Range<Int>) {
    guard piece.count > WordCache.longestPiece else { return appendCached(piece, isWhole: true) }
    if let token = model.wholeToken(bytes.span.extracting(piece)) { return tokens.append(token) }
    forEachRun(of: piece) { encoder, run in
      if run.count > WordCache.longestPiece {
        encoder.appendMergedByQueue(run)
      } else {
        encoder.appendCached(run, isWhole: false)
      }
    }
  }

  /// Cuts a piece at its seams: between two characters, each of them a token, that no merge can join.
  ///
  /// Next to other characters there is none, since an unknown token may stand for several of them.
  private mutating func forEachRun(of piece: Range<Int>, _ body: (inout Self, Range<Int>) -> Void) {
    var start = piece.lowerBound
    var index = piece.lowerBound
    var previous: Int32 = -1
    while index < piece.upperBound {
      let character = index..<model.alphabet.end(ofCharacterAt: index, in: bytes)
      let symbol = model.alphabet.token(of: character, in: bytes)
      if previous >= 0, symbol >= 0, model.isSeam(previous, symbol) {
        body(&self, start..<index)
        start = index
      }
      previous = symbol
      index = character.upperBound
    }
    body(&self, start..<piece.upperBound)
  }

  /// Appends the tokens of a whole piece or of a run of one, from the cache if they are there.
  private mutating func appendCached(_ piece: Range<Int>, isWhole: Bool) {
    // Where a whole piece may be a token as it stands, it is not the same as a run of equal bytes.
    let hash = bytes.span.extracting(piece).hash &+ (model.ignoresMerges && !isWhole ? 0x9E37_79B9_7F4A_7C15 : 0)
    guard !cache.append(piece, hash: hash, of: bytes, to: &tokens) else { return }
    let start = tokens.count
    if isWhole, let token = model.wholeToken(bytes.span.extracting(piece)) {
      tokens.append(token)
    } else {
      appendMergedByScan(piece)
    }
    cache.insert(piece, hash: hash, tokens: start..<tokens.count)
  }

  /// Merges a short run: looks through all pairs for each merge.
  private mutating func appendMergedByScan(_ run: Range<Int>) {
    symbols.removeAll(keepingCapacity: true)
    model.alphabet.appendSymbols(of: run, in: bytes, to: &symbols)
    merges.removeAll(keepingCapacity: true)
    for index in symbols.indices.dropLast() { merges.append(model.merges[symbols[index], symbols[index + 1]]) }

    while true {
      var due = MergeTable.Merge.none
      var position = 0
      for index in merges.indices where merges[index] < due {
        due = merges[index]
        position = index
      }
      guard due != .none else { break }
      symbols[position] = due.token
      symbols.remove(at: position + 1)
      merges.remove(at: position)
      if position > 0 { merges[position - 1] = model.merges[symbols[position - 1], symbols[position]] }
      if position < merges.count { merges[position] = model.merges[symbols[position], symbols[position + 1]] }
    }
    tokens.append(contentsOf: symbols)
  }

  /// Merges a long run: a linked list of symbols, and a queue of the merges that may be due.
  private mutating func appendMergedByQueue(_ run: Range<Int>) {
    symbols.removeAll(keepingCapacity: true)
    model.alphabet.appendSymbols(of: run, in: bytes, to: &symbols)
    var list = SymbolList(symbols, merges: model.merges)
    list.merge()
    list.appendTokens(to: &tokens)
  }
}
