import Glibc

/// A token and the natural logarithm of its probability.
public struct TokenLogProbability: Hashable, Sendable {
  /// The token.
  public let tokenID: Int32
  /// ln softmax(logits)[tokenID].
  public let logProbability: Float

  /// A token with its logarithm.
  public init(tokenID: Int32, logProbability: Float) {
    self.tokenID = tokenID
    self.logProbability = logProbability
  }
}

/// Natural logarithms of the softmax of raw logits, before temperature and every other change.
public struct LogProbabilities: Sendable {
  private let logits: [Float]
  private let logarithmOfSum: Double

  /// Of one row of logits, one or more.
  public init(_ logits: Span<Float>) {
    self.logits = logits.indices.map { logits[$0] }
    let greatest = Double(self.logits.max() ?? 0)
    logarithmOfSum = greatest + log(self.logits.reduce(0) { $0 + exp(Double($1) - greatest) })
  }

  /// The logarithm for `token`.
  ///
  /// - Precondition: the token is in the vocabulary.
  public subscript(token: Int32) -> Float { Float(Double(logits[Int(token)]) - logarithmOfSum) }

  /// The Kullback-Leibler divergence of `other` from this distribution, Σ p · ln(p / q) over all tokens, in nats: 0 where
  /// both are the same.
  ///
  /// - Precondition: both are over one vocabulary.
  public func divergence(of other: LogProbabilities) -> Double {
    precondition(logits.count == other.logits.count, "\(logits.count) tokens and \(other.logits.count)")
    var sum = 0.0
    for (mine, theirs) in zip(logits, other.logits) {
      let logarithm = Double(mine) - logarithmOfSum
      // A token that cannot come takes no part.
      guard logarithm > -.infinity else { continue }
      sum += exp(logarithm) * (logarithm - (Double(theirs) - other.logarithmOfSum))
    }
    // What rounding leaves of nothing may be less than nothing.
    return max(sum, 0)
  }

  /// The `count` likeliest tokens in falling order, among equals the lower ID first.
  public func top(_ count: Int) -> [TokenLogProbability] {
    likeliestTokens(count, of: logits.span).map { TokenLogProbability(tokenID: $0, logProbability: self[$0]) }
  }
}
