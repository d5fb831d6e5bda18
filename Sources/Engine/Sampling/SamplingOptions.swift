/// How the next token is picked.
public struct SamplingOptions: Hashable, Sendable {
  /// What logits are divided by; 0 picks the likeliest token. Not negative.
  public var temperature: Float
  /// Only the so many likeliest tokens stand; 0 for all.
  public var topK: Int
  /// Of these, only the likeliest that together reach this probability; 1 for all. In 0...1.
  public var topP: Float
  /// Positive logits of tokens that occurred are divided by it, negative ones multiplied (Keskar et al. 2019); 1 for
  /// no penalty. Above 0.
  public var repetitionPenalty: Float
  /// Only tokens stand that are at least so likely as this share of the likeliest one's probability; 0 for all. In 0...1.
  public var minP: Float
  /// Taken off the logits of tokens that stand in the answer; 0 for none. OpenAI's `presence_penalty`.
  public var presencePenalty: Float
  /// Taken off the logits of tokens for each time that they stand in the answer; 0 for none. OpenAI's `frequency_penalty`.
  public var frequencyPenalty: Float
  /// Added to the logits of these tokens.
  public var biases: [Int32: Float]
  /// Seed of the random numbers. Equal seeds give equal choices.
  public var seed: UInt64

  /// Greedy unless told otherwise.
  public init(
    temperature: Float = 0, topK: Int = 0, topP: Float = 1, minP: Float = 0, repetitionPenalty: Float = 1,
    presencePenalty: Float = 0, frequencyPenalty: Float = 0, biases: [Int32: Float] = [:], seed: UInt64 = 0
  ) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.repetitionPenalty = repetitionPenalty
    self.presencePenalty = presencePenalty
    self.frequencyPenalty = frequencyPenalty
    self.biases = biases
    self.seed = seed
  }
}
