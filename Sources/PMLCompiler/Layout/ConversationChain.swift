public import ContentHash

/// The tokens of a conversation, cut into a chain of joint encodings where parts of its messages end.
///
/// Each piece sees all those in front of it, so together they equal plain inference. They are known by what they say and where
/// they stand alone, as all encodings are: conversations that begin alike have their beginnings in common, whoever writes them.
/// What follows the last end, the header of the answer with it, belongs to no piece.
public struct ConversationChain: JointGraph {
  /// Where a part of a message ends.
  public struct End: Hashable, Sendable {
    /// Number of tokens in front of it.
    public let tokens: Int
    /// Whose message it is.
    public let role: String
    /// Whether the states up to there are to be kept.
    public let isKept: Bool

    /// An end.
    ///
    /// - Parameters:
    ///   - tokens: number of tokens in front of it.
    ///   - role: whose message it is.
    ///   - isKept: whether the states up to there are to be kept.
    public init(tokens: Int, role: String, isKept: Bool) {
      self.tokens = tokens
      self.role = role
      self.isKept = isKept
    }
  }

  private struct Piece {
    let digest: SHA256Digest
    let range: Range<Int>
    let role: String
  }

  /// All tokens, those behind the last piece as well.
  public let tokens: [TokenID]
  /// The positions that the model has.
  public let limits: ContextLimits
  /// Whether a model with LongRoPE turns all keys by its long factors: by the length of the whole conversation.
  public let isExtended: Bool
  /// Number of pieces from the front on whose states are to be kept.
  public let keptCount: Int
  private var pieces: [Piece]

  /// The pieces of a conversation.
  ///
  /// - Parameters:
  ///   - tokens: all of its tokens.
  ///   - ends: where pieces end, by what they are cut behind; in rising order.
  ///   - limits: of the model's positions.
  public init(of tokens: [TokenID], cutAt ends: [End], limits: ContextLimits) {
    self.tokens = tokens
    self.limits = limits
    isExtended = limits.isExtended(for: tokens.count)
    var pieces: [Piece] = []
    var keptCount = 0
    var context = EncodingIdentity.emptyContext
    for end in ends {
      let range = (pieces.last?.range.upperBound ?? 0)..<max(end.tokens, pieces.last?.range.upperBound ?? 0)
      if !range.isEmpty {
        let digest = EncodingIdentity.encoding(seeing: context, at: range.lowerBound, isExtended: isExtended) {
          $0.update(tokens: Array(tokens[range]))
        }
        context = EncodingIdentity.context(context, appending: digest, at: range.lowerBound)
        pieces.append(Piece(digest: digest, range: range, role: end.role))
      }
      if end.isKept { keptCount = pieces.count }
    }
    self.pieces = pieces
    self.keptCount = keptCount
  }

  /// The first `count` pieces alone.
  public func prefix(_ count: Int) -> ConversationChain {
    var chain = self
    chain.pieces = Array(pieces.prefix(count))
    return chain
  }

  /// Indices of all pieces, from the front on.
  public var indices: Range<Int> { pieces.indices }
  /// The piece in front of one.
  public func previous(of index: Int) -> Int? { index > 0 ? index - 1 : nil }
  /// Number of pieces in front of one.
  public func depth(of index: Int) -> Int { index }
  /// Identity of a piece's states.
  public func digest(of index: Int) -> SHA256Digest { pieces[index].digest }
  /// Position of its first token.
  public func start(of index: Int) -> Int { pieces[index].range.lowerBound }
  /// The tokens to encode.
  public func tokens(of index: Int) -> [TokenID] { Array(tokens[pieces[index].range]) }
  /// Their number.
  public func tokenCount(of index: Int) -> Int { pieces[index].range.count }
  /// All that stands in front of it.
  public func context(of index: Int) -> [ContextEntry] {
    (0..<index).map { ContextEntry(encoding: $0, place: pieces[$0].range.lowerBound) }
  }
  /// All are.
  public func isStored(_ index: Int) -> Bool { true }

  /// Whose message it is of. What it says is not told.
  public func label(of index: Int) -> String {
    ChatTemplate.Role(rawValue: pieces[index].role).map { "\($0) message" } ?? "message"
  }
}
