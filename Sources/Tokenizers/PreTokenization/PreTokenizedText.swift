/// A text on its way to the model: bytes, and the pieces of them that are left to encode.
struct PreTokenizedText {
  /// A part of the text, or a token that stands for one.
  struct Piece {
    var start: Int
    var end: Int
    /// An added token that was found in the text; -1 for text.
    var token: Int32 = -1
    /// Nothing of the original text is before it.
    var isFirst: Bool

    var isText: Bool { token < 0 }
    var range: Range<Int> { start..<end }

    /// A part of a piece of text.
    @inline(__always)
    func part(_ start: Int, _ end: Int) -> Piece {
      Piece(start: start, end: end, isFirst: isFirst && start == self.start)
    }
  }

  /// All pieces lie in here; what no piece covers is dropped.
  var bytes: [UInt8]
  var pieces: [Piece]
  /// From here on each byte counts as a character, the one that stands for it in `ByteAlphabet`.
  var isByteLevel = false
  /// The bytes in which no special token is looked for, in order: what a conversation says between a template's text.
  private(set) var plain: [Range<Int>] = []

  /// A text that has not been split.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    pieces = bytes.isEmpty ? [] : [Piece(start: 0, end: bytes.count, isFirst: true)]
  }

  /// Texts side by side that have not been split.
  init(_ runs: [(text: String, recognizesSpecial: Bool)]) {
    var bytes: [UInt8] = []
    var plain: [Range<Int>] = []
    for run in runs {
      let start = bytes.count
      bytes += run.text.utf8
      guard !run.recognizesSpecial, start < bytes.count else { continue }
      if plain.last?.upperBound == start {
        plain[plain.count - 1] = plain[plain.count - 1].lowerBound..<bytes.count
      } else {
        plain.append(start..<bytes.count)
      }
    }
    self.init(bytes)
    self.plain = plain
  }

  /// Whether a byte of `range` lies where no special token is looked for, and whether all do.
  func isPlain(_ range: Range<Int>) -> (inPart: Bool, whole: Bool) {
    guard !plain.isEmpty else { return (false, false) }
    var (low, high) = (0, plain.count)
    while low < high {
      let middle = (low + high) / 2
      if plain[middle].upperBound <= range.lowerBound { low = middle + 1 } else { high = middle }
    }
    guard low < plain.count, plain[low].lowerBound < range.upperBound else { return (false, false) }
    return (true, plain[low].lowerBound <= range.lowerBound && range.upperBound <= plain[low].upperBound)
  }

  /// Splits every piece of text; `split` hands on where a piece matches and where it does not.
  mutating func split(_ behavior: SplitBehavior, _ split: (Piece, inout PieceCollector) -> Void) {
    var collector = PieceCollector(behavior: behavior)
    collector.pieces.reserveCapacity(pieces.count)
    for piece in pieces {
      guard piece.isText else {
        collector.pieces.append(piece)
        continue
      }
      collector.begin(piece)
      split(piece, &collector)
    }
    pieces = collector.pieces
  }

  /// Writes the bytes of every piece of text anew.
  ///
  /// - Parameter write: appends a piece's new bytes; the flag is the piece's `isFirst`.
  mutating func rewrite(_ write: (_ piece: ArraySlice<UInt8>, _ isFirst: Bool, _ result: inout [UInt8]) -> Void) {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + bytes.count / 4)
    var rewritten: [Piece] = []
    rewritten.reserveCapacity(pieces.count)
    var plain: [Range<Int>] = []
    for piece in pieces {
      let start = result.count
      if piece.isText {
        write(bytes[piece.range], piece.isFirst, &result)
        if !self.plain.isEmpty { plain += plainParts(of: piece, in: result[start...], write) }
      }
      if start < result.count || !piece.isText {
        rewritten.append(Piece(start: start, end: result.count, token: piece.token, isFirst: piece.isFirst))
      }
    }
    bytes = result
    pieces = rewritten
    self.plain = plain
  }

  /// Where the plain parts of a piece are once it is written anew: where its parts, each written by itself, make up the
  /// whole; else everywhere, so that nothing which was said can become a special token.
  private func plainParts(
    of piece: Piece, in result: ArraySlice<UInt8>,
    _ write: (_ piece: ArraySlice<UInt8>, _ isFirst: Bool, _ result: inout [UInt8]) -> Void
  ) -> [Range<Int>] {
    let inPiece = plain.filter { $0.overlaps(piece.range) }.map { $0.clamped(to: piece.range) }
    guard !inPiece.isEmpty else { return [] }
    var (parts, found): ([UInt8], [Range<Int>]) = ([], [])
    var place = piece.start
    for range in inPiece + [piece.end..<piece.end] {
      if place < range.lowerBound {
        write(bytes[place..<range.lowerBound], piece.isFirst && place == piece.start, &parts)
      }
      let start = parts.count
      if !range.isEmpty { write(bytes[range], piece.isFirst && range.lowerBound == piece.start, &parts) }
      if start < parts.count { found.append(result.startIndex + start..<result.startIndex + parts.count) }
      place = range.upperBound
    }
    return parts[...] == result ? found : [result.startIndex..<result.endIndex]
  }
}
