internal import PMLCompiler

/// What the cache changes about the answer to one prompt.
public struct AuditReport: Encodable, Sendable {
  /// How far two distributions of the next token are apart, over all that were compared: the Kullback-Leibler divergence
  /// of the cached one from the baseline's, Σ p · ln(p / q) with p the baseline's, in nats.
  public struct Divergence: Encodable, Sendable {
    /// Their mean.
    public let mean: Double
    /// The greatest of them.
    public let greatest: Double

    init(_ values: [Double]) {
      mean = values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
      greatest = values.max() ?? 0
    }

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
  /// Where the divergence comes from, if that was asked for.
  public let causes: AuditCauses?

  /// How much of what is not exact was computed again, 0 to 1.
  let repair: Double
  /// The modules that the prompt imports.
  let imported: Set<ModulePath>

  /// Cached tokens whose states are not those of plain inference.
  var inexactTokens: Int { cachedTokens - exactTokens }

  /// Whether the answer is the baseline's, token for token.
  public var answersTheSame: Bool { cached.tokens == baseline.tokens }

  private enum CodingKeys: String, CodingKey {
    case promptTokens = "prompt_tokens"
    case cachedTokens = "cached_tokens"
    case exactTokens = "exact_tokens"
    case positions
    case divergence = "kl"
    case agreement, cached, baseline
  }

  /// Writes the causes as fields beside the others.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(promptTokens, forKey: .promptTokens)
    try container.encode(cachedTokens, forKey: .cachedTokens)
    try container.encode(exactTokens, forKey: .exactTokens)
    try container.encode(positions, forKey: .positions)
    try container.encode(divergence, forKey: .divergence)
    try container.encode(agreement, forKey: .agreement)
    try container.encode(cached, forKey: .cached)
    try container.encode(baseline, forKey: .baseline)
    try causes?.encode(to: encoder)
  }
}
