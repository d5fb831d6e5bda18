internal import Engine

/// One answer while it is made: what has to be computed for it next. The scheduler alone touches it.
final class AnswerInProgress {
  let id: AnswerScheduler.ID
  let group: String
  let budget: AnswerBudget
  let prompt: ReadyPrompt
  let sequence: SequenceState
  var reader: any ScoreReader
  /// Whether a pass that has begun computes a part of the prompt.
  var isInPass = false
  /// When it had its last turn in a pass over prompts.
  var turn = 0

  /// Tokens of the prompt that are computed.
  private var computed = 0
  /// Tokens of the answer that are computed.
  private var decoded = 0

  init(
    _ id: AnswerScheduler.ID, group: String, to prompt: ReadyPrompt, budget: AnswerBudget, reader: any ScoreReader
  ) {
    self.id = id
    self.group = group
    self.prompt = prompt
    self.budget = budget
    self.reader = reader
    sequence = SequenceState(attending: prompt.attended, isExtended: prompt.isExtended)
  }

  /// Tokens of the prompt that are still to be computed.
  var promptTokensLeft: Int { prompt.tokens.count - computed }

  /// The answer's last token, where that is what is wanted next.
  var nextTokenInput: InferenceEngine.Input? {
    guard promptTokensLeft == 0, let token = reader.nextToken else { return nil }
    let position = Int32(prompt.nextPosition + decoded)
    return InferenceEngine.Input(sequence: sequence, tokens: [token], positions: [position], logits: .last)
  }

  /// The next `count` tokens of the prompt.
  func promptInput(_ count: Int) -> InferenceEngine.Input {
    let part = computed..<computed + count
    return InferenceEngine.Input(
      sequence: sequence, tokens: Array(prompt.tokens[part]), positions: Array(prompt.positions[part]),
      logits: part.upperBound == prompt.tokens.count ? .last : .none)
  }

  /// Goes on behind the tokens of `input`, which are computed.
  ///
  /// - Returns: whether the answer is over.
  /// - Throws: `PromptCacheError.engine` where the scores are not numbers.
  func take(
    _ logits: Logits, of input: InferenceEngine.Input, took duration: Duration
  ) throws(PromptCacheError) -> Bool {
    if promptTokensLeft > 0 {
      computed += input.tokens.count
      reader.addPrefill(duration)
      guard promptTokensLeft == 0 else { return false }
    } else {
      decoded += input.tokens.count
    }
    guard logits.rows > 0, logits.isFinite(row: 0) else { throw .engine(.scoresNotFinite) }
    return reader.take(logits)
  }
}
