/// An answer with what it took.
public struct Completion: Encodable, Sendable {
  /// Why it ended.
  public enum FinishReason: String, Encodable, Sendable {
    /// The model ended it, or a stop string stood in it.
    case stop
    /// As many tokens as were asked for, or as fit the model's context.
    case length
  }

  /// Tokens counted.
  public struct Usage: Encodable, Sendable {
    /// Tokens present in the prompt.
    public let promptTokens: Int
    /// Those of them whose states were read from the store, or remembered from before.
    public let cachedTokens: Int
    /// How many of the prompt's tokens have the states of plain inference, though they were not all computed here: those
    /// whose stored encoding, or remembered state, saw every present token at a lower position, as it stands in the prompt.
    public let exactTokens: Int
    /// Tokens of the answer.
    public let completionTokens: Int

    private enum CodingKeys: String, CodingKey {
      case promptTokens = "prompt_tokens"
      case cachedTokens = "cached_tokens"
      case exactTokens = "exact_tokens"
      case completionTokens = "completion_tokens"
    }
  }

  /// Times of one request, without loading the model or compiling the schema.
  public struct Timings: Encodable, Sendable {
    /// From the prompt's text to the first token of the answer, in milliseconds.
    public let timeToFirstToken: Double
    /// Of that, the forward pass over the tokens that were not cached.
    public let prefill: Double
    /// Speed of the tokens after the first; 0 where there are none.
    public let decodeTokensPerSecond: Double

    private enum CodingKeys: String, CodingKey {
      case timeToFirstToken = "ttft_ms"
      case prefill = "prefill_ms"
      case decodeTokensPerSecond = "decode_tokens_per_second"
    }
  }

  /// A token with the natural logarithm of its probability.
  public struct TokenLogProbability: Encodable, Sendable {
    /// Index into the vocabulary.
    public let token: Int32
    /// Its text; what is only a part of a character is `\u{FFFD}`.
    public let text: String
    /// Of the softmax of the raw logits, before temperature.
    public let logProbability: Float

    private enum CodingKeys: String, CodingKey {
      case token = "token_id"
      case text = "token"
      case logProbability = "logprob"
    }
  }

  /// One token of the answer and the likeliest at its place.
  public struct Position: Encodable, Sendable {
    /// The token of the answer.
    public let token: Int32
    /// Its text, as it is told of the likeliest.
    public let text: String
    /// Its probability's logarithm.
    public let logProbability: Float
    /// The likeliest tokens, in falling order.
    public let top: [TokenLogProbability]

    private enum CodingKeys: String, CodingKey {
      case token = "token_id"
      case text = "token"
      case logProbability = "logprob"
      case top
    }
  }

  /// The answer, without what ended it.
  public let text: String
  /// Its tokens, without the one that ended it.
  public let tokens: [Int32]
  /// Why it ended.
  public let finishReason: FinishReason
  /// Tokens counted.
  public let usage: Usage
  /// Times.
  public let timings: Timings
  /// One entry a token of the answer, where they were asked for.
  public let logProbabilities: [Position]?

  private enum CodingKeys: String, CodingKey {
    case text
    case tokens = "token_ids"
    case finishReason = "finish_reason"
    case usage, timings
    case logProbabilities = "logprobs"
  }
}
