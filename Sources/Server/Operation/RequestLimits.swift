/// What a request may take.
struct RequestLimits: Sendable {
  /// Bytes of its body.
  let bodyBytes: Int
  /// How long its body may take to come.
  let bodyTime: Duration
  /// How long it may take from its prompt to the end of its answer.
  let requestTime: Duration
  /// Tokens of its prompt.
  let promptTokens: Int
  /// Tokens of its answer.
  let answerTokens: Int
  /// Whether the log holds the texts of prompts and answers.
  let logsText: Bool
}
