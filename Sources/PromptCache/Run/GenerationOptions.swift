public import Engine

/// How an answer is made.
public struct GenerationOptions: Sendable {
  /// Tokens of the answer at most; it also ends where the model's context does.
  public var maximumTokens: Int
  /// How each token is chosen.
  public var sampling: SamplingOptions
  /// Strings that end the answer and do not stand in it.
  public var stops: [String]
  /// Number of likeliest tokens to report with each token of the answer; `nil` for no log-probabilities at all.
  public var logProbabilities: Int?
  /// Whether tokens that end an answer are tokens like any other, so that it has as many as may be: to measure with.
  public var ignoresEndTokens = false

  /// Greedy unless told otherwise.
  public init(
    maximumTokens: Int = 256, sampling: SamplingOptions = SamplingOptions(), stops: [String] = [],
    logProbabilities: Int? = nil
  ) {
    self.maximumTokens = maximumTokens
    self.sampling = sampling
    self.stops = stops
    self.logProbabilities = logProbabilities
  }
}
