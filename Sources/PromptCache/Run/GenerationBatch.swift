public import Engine

/// Answers that are made together: each step computes the next token of all of them.
///
/// Answers join and leave between steps, each with options of its own, and cached states are shared where they lie. An
/// answer is the same, to the bit, whatever stands beside it. This is the one loop by which answers are made:
/// `Generation` is a batch of one, a server adds and removes as requests come and go. A copy is not a second batch: both
/// have the same sequences, so step but one of them.
public struct GenerationBatch: Sendable {
  /// One answer of a batch.
  public struct ID: Hashable, Sendable {
    fileprivate let number: Int
  }

  private let model: LoadedModel
  private let engine: InferenceEngine
  /// In the order of joining.
  private var answers: [(id: ID, answer: AnswerInProgress)] = []
  private var joined = 0

  /// An empty batch.
  ///
  /// - Parameter model: its tokenizer and chat template are used.
  /// - Parameter engine: has loaded the weights of `model`.
  public init(model: LoadedModel, engine: InferenceEngine) {
    self.model = model
    self.engine = engine
  }

  /// The answers that are being made, in the order in which they joined.
  public var ids: [ID] { answers.map(\.id) }
  /// Whether no answer is being made.
  public var isEmpty: Bool { answers.isEmpty }

  /// Adds an answer, which takes part from the next step on.
  ///
  /// - Parameter options: how tokens are chosen, and when the answer ends.
  /// - Parameter prompt: the prompt.
  /// - Parameter start: when its request began; the time to the first token counts from here.
  /// - Throws: `PromptCacheError.emptyPrompt`; `.engine` for states of another model.
  @discardableResult
  public mutating func add(
    _ prompt: ReadyPrompt, options: GenerationOptions = .init(), start: ContinuousClock.Instant = .now
  ) throws(PromptCacheError) -> ID {
    guard !prompt.tokens.isEmpty else { throw .emptyPrompt }
    let answer = AnswerInProgress(
      to: prompt, options, tokenizer: model.tokenizer.tokenizer, endTokens: model.endTokens,
      contextLength: engine.configuration.contextLength, start: start)
    // One wrong request must not be found out in a step, where it would stop all.
    try withEngineErrors { () throws(EngineError) in try engine.check(answer.nextInput) }
    let id = ID(number: joined)
    joined += 1
    answers.append((id, answer))
    return id
  }

  /// Leaves an answer where it is; its states are freed.
  public mutating func remove(_ id: ID) { answers.removeAll { $0.id == id } }

  /// Computes the next token of each answer that has begun, and the next part of prompts, as much as one pass takes, the
  /// first to join first.
  ///
  /// - Returns: what is known of each answer now, in order. Those that finished have left the batch.
  /// - Throws: `PromptCacheError.cancelled` within a layer's time after the current task was cancelled, and what the
  ///   engine throws; the batch is as before then, and the step can be taken again.
  public mutating func step() throws(PromptCacheError) -> [(id: ID, event: GenerationEvent)] {
    let taking = indicesOfNextStep()
    guard !taking.isEmpty else { return [] }
    let inputs = taking.map { answers[$0].answer.nextInput }
    let start = ContinuousClock.now
    let logits = try withEngineErrors { () throws(EngineError) in try engine.forward(inputs) }
    let duration = ContinuousClock.now - start
    guard logits.allSatisfy({ $0.rows == 0 || $0.isFinite(row: 0) }) else { throw .engine(.scoresNotFinite) }
    var events: [(id: ID, event: GenerationEvent)] = []
    var finished: Set<ID> = []
    for (position, index) in taking.enumerated() {
      let id = answers[index].id
      let known = answers[index].answer.take(
        logits[position], computing: inputs[position].tokens.count, took: duration)
      events += known.map { (id, $0) }
      if case .finish? = known.last { finished.insert(id) }
    }
    answers.removeAll { finished.contains($0.id) }
    return events
  }

  /// All answers that have begun, and prompts while there is room in one pass; one of them at least.
  private func indicesOfNextStep() -> [Int] {
    var room = InferenceEngine.tokensPerPass
    return answers.indices.filter { index in
      let answer = answers[index].answer
      if answer.isDecoding { return true }
      let tokens = answer.nextInput.tokens.count
      // What comes later waits, so that a long prompt is not passed over again and again.
      guard tokens <= room else {
        room = 0
        return false
      }
      room -= tokens
      return true
    }
  }
}
