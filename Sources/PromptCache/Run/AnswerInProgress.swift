internal import Engine

/// One answer while it is made: what has to be computed for it next. The scheduler alone touches it.
final class AnswerInProgress {
  let id: AnswerScheduler.ID
  let group: String
  /// What it takes of the limits for itself.
  let budget: AnswerBudget
  /// What it takes together with others.
  let sharedBudget: SharedBudget?
  let prompt: ReadyPrompt
  /// When it was taken on.
  let arrival = ContinuousClock.now
  private(set) var sequence: SequenceState
  var reader: any ScoreReader
  /// Whether a pass that has begun computes a part of the prompt.
  var isInPass = false
  /// When it had its last turn in a pass over prompts.
  var turn = 0
  /// States that are about to be kept and that its prompt begins with, while it waits for them.
  var awaited: UnsettledAnswer?

  /// Tokens of the prompt that are computed, or were remembered.
  private(set) var computed = 0
  /// Tokens of the answer that are computed.
  private var decoded = 0

  init(
    _ id: AnswerScheduler.ID, group: String, to prompt: ReadyPrompt, budget: AnswerBudget,
    sharing sharedBudget: SharedBudget? = nil, reader: any ScoreReader
  ) {
    self.id = id
    self.group = group
    self.prompt = prompt
    self.budget = budget
    self.sharedBudget = sharedBudget
    self.reader = reader
    sequence = SequenceState(
      attending: prompt.attended, isExtended: prompt.isExtended, sections: prompt.sections)
  }

  /// Answers that it counts as.
  var places: Int { (reader as? BranchingReader)?.answers.count ?? 1 }

  /// Tokens of the prompt that are still to be computed.
  var promptTokensLeft: Int { prompt.tokens.count - computed }

  /// The answer's last token, where that is what is wanted next.
  var nextTokenInput: InferenceEngine.Input? {
    guard promptTokensLeft == 0, let token = reader.nextToken else { return nil }
    let position = Int32(prompt.nextPosition + decoded)
    return InferenceEngine.Input(sequence: sequence, tokens: [token], positions: [position], logits: .last)
  }

  /// Tokens of the prompt that are not computed as encodings are.
  private var promptText: Range<Int> { prompt.encodedTokens..<prompt.tokens.count }

  /// All that is left of the prompt, where nothing of its text is computed yet, and it is so short that this goes as fast as a
  /// token of an answer.
  var shortPromptInput: InferenceEngine.Input? {
    guard computed == promptText.lowerBound, promptText.count <= InferenceEngine.tokensOfShortInput, !isInPass else {
      return nil
    }
    return promptInput(promptText.count)
  }

  /// Tokens that the next parts of the prompt have, which end where the engine takes them together, or with what is computed
  /// in the same way.
  func promptTokens(inParts parts: Int) -> Int {
    guard parts > 0 else { return 0 }
    let part = InferenceEngine.tokensPerPart
    let way = computed < promptText.lowerBound ? 0..<promptText.lowerBound : promptText
    return min(parts * part - (computed - way.lowerBound) % part, way.upperBound - computed)
  }

  /// The next `count` tokens of the prompt, which are computed in the same way.
  func promptInput(_ count: Int) -> InferenceEngine.Input {
    let part = computed..<computed + count
    return InferenceEngine.Input(
      sequence: sequence, tokens: Array(prompt.tokens[part]), positions: Array(prompt.positions[part]),
      logits: part.upperBound == prompt.tokens.count ? .last : .none,
      isPartOfPrompt: promptText.count > InferenceEngine.tokensOfShortInput,
      isEncoding: computed < promptText.lowerBound)
  }

  /// Begins with the states of the first `count` tokens of the prompt, which were remembered.
  ///
  /// - Precondition: nothing is computed yet, and something remains to be.
  /// - Throws: `EngineError.outOfMemory`.
  func begin(with beginning: SequenceBeginning, count: Int) throws(EngineError) {
    precondition(computed == 0 && count < prompt.tokens.count, "\(count) of \(prompt.tokens.count) tokens")
    sequence = try SequenceState(
      attending: prompt.attended, isExtended: prompt.isExtended, beginningWith: beginning, count: count)
    computed = count
    reader.addRemembered(count, exactly: prompt.exactCount(ofComputed: count))
  }

  /// Begins behind the prompt, whose states `sequence` has.
  func beginBehindPrompt(_ sequence: SequenceState) {
    self.sequence = sequence
    computed = prompt.tokens.count
  }

  /// Goes on behind the tokens of `input`, which are computed.
  func count(_ input: InferenceEngine.Input, took duration: Duration) {
    if promptTokensLeft > 0 {
      computed += input.tokens.count
      reader.addPrefill(duration)
    } else {
      decoded += input.tokens.count
    }
  }

  /// Takes the scores of the next token of the answer.
  ///
  /// - Returns: whether the answer is over.
  /// - Throws: `PromptCacheError.engine` where the scores are not numbers.
  func take(_ logits: Logits) throws(PromptCacheError) -> Bool {
    guard logits.rows > 0, logits.isFinite(row: 0) else { throw .engine(.scoresNotFinite) }
    return reader.take(logits)
  }
}

/// What answers take of the limits together, until the last one of them is gone. The scheduler alone touches it.
final class SharedBudget {
  let stateBytes: Int
  private var users: Int

  init(stateBytes: Int, users: Int) {
    self.stateBytes = stateBytes
    self.users = users
  }

  /// Lets one go.
  ///
  /// - Returns: the bytes that are free with that.
  func leave() -> Int {
    users -= 1
    return users == 0 ? stateBytes : 0
  }
}
