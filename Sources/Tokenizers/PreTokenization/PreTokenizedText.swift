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

  /// A text that has not been split.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    pieces = bytes.isEmpty ? [] : [Piece(start: 0, end: bytes.count, isFirst: true)]
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
    for piece in pieces {
      let start = result.count
      if piece.isText { write(bytes[piece.range], piece.isFirst, &result) }
      if start < result.count || !piece.isText {
        rewritten.append(Piece(start: start, end: result.count, token: piece.token, isFirst: piece.isFirst))
      }
    }
    bytes = result
    pieces = rewritten
  }
}
