/// What the cache changes about the answer to one prompt.
public struct AuditReport: Encodable, Sendable {
  /// How far two distributions of the next token are apart, over all that were compared: the Kullback-Leibler divergence
  /// of the cached one from the baseline's, Σ p · ln(p / q) with p the baseline's, in nats.
  public struct Divergence: Encodable, Sendable {
    /// Their mean.
    public let mean: Double
    /// The greatest of them.
    public let greatest: Double

    private enum CodingKeys: String, CodingKey {
      case mean
      case greatest = "max"
    }
  }

  /// An answer of the likeliest tokens.
  public struct Answer: Encodable, Sendable {
    /// The text, without what ended it.
    public let text: String
    /// Its tokens, without the one that ended it.
    public let tokens: [Int32]
    /// Why it ended.
    public let finishReason: Completion.FinishReason

    private enum CodingKeys: String, CodingKey {
      case text
      case tokens = "token_ids"
      case finishReason = "finish_reason"
    }
  }

  /// Tokens present in the prompt.
  public let promptTokens: Int
  /// Those of them whose states were read from the store.
  public let cachedTokens: Int
  /// How many of these have the states of plain inference.
  public let exactTokens: Int
  /// Next tokens whose distributions were compared: one for each token of the baseline's answer, and one for its end.
  public let positions: Int
  /// How far the distributions are apart.
  public let divergence: Divergence
  /// The share of positions, 0 to 1, at which both have the same likeliest token.
  public let agreement: Double
  /// The answer from the store's states.
  public let cached: Answer
  /// The answer with everything computed, at positions 0, 1, 2 …
  public let baseline: Answer

  private enum CodingKeys: String, CodingKey {
    case promptTokens = "prompt_tokens"
    case cachedTokens = "cached_tokens"
    case exactTokens = "exact_tokens"
    case positions
    case divergence = "kl"
    case agreement, cached, baseline
  }
}
