internal import Engine

/// Collects an answer while it is made.
struct AnswerBuilder {
  var text = ""
  var finish: Completion.FinishReason?
  private(set) var tokens: [Int32] = []
  private var logProbabilities: [Completion.Position] = []
  private let top: Int?

  /// - Parameter top: how many of the likeliest tokens to note with each; `nil` to note no probabilities.
  init(top: Int?) { self.top = top }

  mutating func append(_ token: Int32, logits: Logits) {
    tokens.append(token)
    guard let top else { return }
    let probabilities = LogProbabilities(logits[0])
    logProbabilities.append(
      Completion.Position(
        token: token, logProbability: probabilities[token],
        top: probabilities.top(top).map {
          Completion.TokenLogProbability(token: $0.tokenID, logProbability: $0.logProbability)
        }))
  }

  /// - Parameters:
  ///   - firstToken: from the request to the first token.
  ///   - decoding: from the first token to the end.
  func completion(
    of prompt: PreparedPrompt, firstToken: Duration, prefill: Duration, decoding: Duration
  ) -> Completion {
    let later = tokens.count - 1
    return Completion(
      text: text, tokens: tokens, finishReason: finish ?? .stop,
      usage: Completion.Usage(
        promptTokens: prompt.present.count, cachedTokens: prompt.present.count - prompt.tokens.count,
        completionTokens: tokens.count),
      timings: Completion.Timings(
        timeToFirstToken: firstToken.inSeconds * 1000, prefill: prefill.inSeconds * 1000,
        decodeTokensPerSecond: later > 0 ? Double(later) / decoding.inSeconds : 0),
      logProbabilities: top == nil ? nil : logProbabilities)
  }
}
