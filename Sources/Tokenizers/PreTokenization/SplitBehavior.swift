/// What becomes of the parts of a piece that a pattern matches.
enum SplitBehavior: String, CaseIterable, Sendable {
  /// Each match is a piece.
  case isolated = "Isolated"
  /// Matches are dropped.
  case removed = "Removed"
  /// Each match goes with what is before it.
  case mergedWithPrevious = "MergedWithPrevious"
  /// Each match goes with what is after it.
  case mergedWithNext = "MergedWithNext"
  /// Adjacent matches are one piece.
  case contiguous = "Contiguous"
}

/// Puts the matches of a piece, and what lies between them, together as a behaviour wants it.
struct PieceCollector {
  let behavior: SplitBehavior
  var pieces: [PreTokenizedText.Piece] = []

  /// Parts before this one are of another piece, and never joined.
  private var first = 0
  private var piece = PreTokenizedText.Piece(start: 0, end: 0, isFirst: false)
  private var previousIsMatch = false

  init(behavior: SplitBehavior) { self.behavior = behavior }

  /// Starts with the next piece.
  mutating func begin(_ piece: PreTokenizedText.Piece) {
    first = pieces.count
    self.piece = piece
    previousIsMatch = false
  }

  /// Takes the next part; parts follow one another without a gap.
  @inline(__always)
  mutating func append(_ start: Int, _ end: Int, isMatch: Bool) {
    let isJoined =
      switch behavior {
      case .isolated: false
      case .removed: false
      case .mergedWithPrevious: isMatch && !previousIsMatch
      case .mergedWithNext: !isMatch && previousIsMatch
      case .contiguous: isMatch == previousIsMatch
      }
    previousIsMatch = isMatch
    if isJoined, pieces.count > first {
      pieces[pieces.count - 1].end = end
    } else if start < end, behavior != .removed || !isMatch {
      pieces.append(piece.part(start, end))
    }
  }
}
