/// Merges of a SentencePiece model, which has scores instead of a list: two adjacent tokens merge if what they spell
/// together is a token, the one of the highest score first.
///
/// It gives the merges that the `tokenizers` library lists for such a model, without making the list: a vocabulary of a
/// quarter of a million tokens has millions.
struct ScoredMerges: Sendable {
  /// By token; `UInt32.max` for one that no merge makes.
  private let ranks: [UInt32]

  /// - Parameters:
  ///   - scores: by token.
  ///   - isMade: whether merges may make a token; control tokens and bytes are none.
  init(scores: [Double], isMade: (Int) -> Bool) {
    var ranks = [UInt32](repeating: .max, count: scores.count)
    let made = scores.indices.filter(isMade).sorted { (scores[$0], $1) > (scores[$1], $0) }
    for (rank, token) in made.enumerated() { ranks[token] = UInt32(truncatingIfNeeded: rank) }
    self.ranks = ranks
  }

  /// The merge of two adjacent tokens of `vocabulary`, or `.none`.
  func merge(_ left: Int32, _ right: Int32, in vocabulary: Vocabulary) -> MergeTable.Merge {
    guard let token = vocabulary.id(ofBoth: left, right), Int(token) < ranks.count, ranks[Int(token)] != .max else {
      return .none
    }
    return MergeTable.Merge(rank: ranks[Int(token)], token: token)
  }
}
