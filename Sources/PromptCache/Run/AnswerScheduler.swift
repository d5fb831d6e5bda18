public import Engine
internal import KVCacheFormat

/// The one loop that makes answers: each step computes the next token of all that are under way, and a part of prompts.
///
/// Answers join and leave between steps, each with options of its own, and read cached states where they lie. An answer
/// is the same, to the bit, whatever is computed beside it and however its prompt is split. A failure ends only the answer
/// that it concerns.
///
/// Steps run on a thread of the scheduler's own. A long prompt is computed a few layers at a time, so that the time
/// between two tokens of other answers stays within about three times the usual.
///
/// Encodings are computed between answers too: some that requests wait for, in turns with prompts, and others while nothing
/// else is to be computed (`EncodingPriority`). So is what a prompt's new text attends to, where a request asks that.
///
/// What an answer takes at most is known before it begins (`budget`). It waits while that does not fit what the limits
/// leave, first come, first served, and among groups the one with the fewest running answers first.
public actor AnswerScheduler {
  struct ID: Hashable {
    let number: Int
  }

  /// What it takes on at a time.
  public nonisolated let limits: AnswerLimits

  nonisolated let model: LoadedModel
  nonisolated let engine: InferenceEngine
  let executor: ThreadExecutor
  /// A thread of its own.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  /// In the order of joining.
  var running: [AnswerInProgress] = []
  private var waiting: [AnswerInProgress] = []
  /// Bytes of new states that the running answers may take.
  var stateBytes = 0
  private var submitted = 0
  var isLooping = false
  private var renewal: Task<Void, Never>?
  var prompts = PromptPasses()
  var settling = SettlingAnswers()
  var requested = RequestedPasses()

  /// A scheduler for answers of one model.
  ///
  /// - Parameters:
  ///   - model: its tokenizer and end tokens are used.
  ///   - engine: has loaded the weights of `model`.
  ///   - limits: what it takes on at a time.
  /// - Throws: `PromptCacheError.noThread` where the system lets it have none.
  public init(model: LoadedModel, engine: InferenceEngine, limits: AnswerLimits = .init()) throws(PromptCacheError) {
    self.model = model
    self.engine = engine
    self.limits = limits
    executor = try ThreadExecutor()
  }

  /// What is being done now.
  public var load: AnswerLoad { AnswerLoad(running: places, waiting: waiting.count, stateBytes: stateBytes) }

  /// Answers that are computed.
  private var places: Int { running.reduce(0) { $0 + $1.places } }

  /// What an answer to `prompt` takes at most.
  public nonisolated func budget(for prompt: ReadyPrompt, options: GenerationOptions) -> AnswerBudget {
    let tokens = prompt.tokens.count + mostTokens(behind: prompt, options.maximumTokens)
    return AnswerBudget(tokens: tokens, stateBytes: engine.byteCount(ofNewTokens: tokens, sections: prompt.sections))
  }

  /// Tokens of an answer to `prompt` at most, where `wanted` are asked for.
  nonisolated func mostTokens(behind prompt: ReadyPrompt, _ wanted: Int) -> Int {
    max(min(wanted, prompt.positionsLimit - prompt.nextPosition), 1)
  }

  /// Takes on an answer, which begins as soon as there is room for it.
  ///
  /// - Parameters:
  ///   - prompt: the prompt.
  ///   - options: how tokens are chosen, and when the answer ends.
  ///   - group: whose it is, such as a client's name. Where answers wait, groups take turns.
  ///   - start: when its request began; the time to the first token counts from here.
  /// - Throws: `PromptCacheError.emptyPrompt`; `.engine` for states of another model; `.answerTooLarge` if it could not
  ///   begin even alone; `.tooManyAnswers` if too many wait.
  public func submit(
    _ prompt: ReadyPrompt, options: GenerationOptions = .init(), group: String = "",
    start: ContinuousClock.Instant = .now
  ) throws(PromptCacheError) -> ScheduledAnswer {
    let budget = budget(for: prompt, options: options)
    let (reader, channel) = reader(of: prompt, options, start: start)
    let id = try take(prompt, budget, group, reader)
    return ScheduledAnswer(
      Subscription(id, channel, of: self, limit: limits.unreadEvents), budget: budget)
  }

  func reader(
    of prompt: ReadyPrompt, _ options: GenerationOptions, start: ContinuousClock.Instant
  ) -> (reader: SampledAnswer, channel: AnswerChannel<GenerationEvent>) {
    let channel = AnswerChannel<GenerationEvent>()
    let reader = SampledAnswer(
      to: prompt, options, model: model, limit: mostTokens(behind: prompt, options.maximumTokens), start: start,
      into: channel, unreadLimit: limits.unreadEvents)
    return (reader, channel)
  }

  /// Takes on a sequence that goes on with the tokens that it is given, `maximumTokens` at most.
  ///
  /// - Throws: as `submit`.
  package func guide(_ prompt: ReadyPrompt, maximumTokens: Int) throws(PromptCacheError) -> GuidedSequence {
    let options = GenerationOptions(maximumTokens: maximumTokens)
    let channel = AnswerChannel<Logits>()
    let reader = GuidedScores(into: channel, limit: mostTokens(behind: prompt, maximumTokens))
    let id = try take(prompt, budget(for: prompt, options: options), "", reader)
    return GuidedSequence(Subscription(id, channel, of: self, limit: .max))
  }

  /// Gives sequences their next token, for all of them to be computed in one step.
  package func give(_ token: Int32, to sequences: [GuidedSequence]) {
    let ids = Set(sequences.map(\.id))
    for answer in running where ids.contains(answer.id) {
      guard var reader = answer.reader as? GuidedScores else { continue }
      reader.give(token)
      answer.reader = reader
    }
    wake()
  }

  func take(
    _ prompt: ReadyPrompt, _ budget: AnswerBudget, _ group: String, _ reader: any ScoreReader
  ) throws(PromptCacheError) -> ID {
    guard !prompt.tokens.isEmpty else { throw .emptyPrompt }
    if let most = limits.stateBytes, budget.stateBytes > most {
      throw .answerTooLarge(tokens: budget.tokens, stateBytes: budget.stateBytes, limit: most)
    }
    let answer = AnswerInProgress(nextID(), group: group, to: prompt, budget: budget, reader: reader)
    // A wrong request must not be found out in a step.
    try withEngineErrors { () throws(EngineError) in try engine.check(answer.promptInput(prompt.tokens.count)) }
    dropAbandoned()
    admit()
    if let most = limits.waiting, waiting.count >= most, !waiting.isEmpty || !hasRoom(for: answer) {
      throw .tooManyAnswers(waiting: waiting.count)
    }
    waiting.append(answer)
    admit()
    wake()
    return answer.id
  }

  func nextID() -> ID {
    submitted += 1
    return ID(number: submitted)
  }

  // MARK: Joining and leaving

  /// Answers that go on from one prompt begin together, if need be alone.
  private func hasRoom(for answer: AnswerInProgress) -> Bool {
    (running.isEmpty || places + answer.places <= limits.running)
      && stateBytes + requested.claimedStateBytes + answer.budget.stateBytes <= limits.stateBytes ?? .max
  }

  /// Lets answers begin for as long as the next one fits. One that does not fit is not passed over: it would never begin.
  func admit() {
    while let index = nextToBegin, hasRoom(for: waiting[index]) {
      let answer = waiting.remove(at: index)
      stateBytes += answer.budget.stateBytes
      running.append(answer)
      recall(answer)
    }
    renewRegularly()
  }

  /// The first to come of the group with the fewest running answers.
  private var nextToBegin: Int? {
    guard waiting.count > 1 else { return waiting.indices.first }
    let counts = Dictionary(running.map { ($0.group, $0.places) }, uniquingKeysWith: +)
    return waiting.indices.min { counts[waiting[$0].group, default: 0] < counts[waiting[$1].group, default: 0] }
  }

  /// Drops answers that are no longer read.
  func dropAbandoned() {
    waiting.removeAll { $0.reader.isGone }
    for answer in running where answer.reader.isGone { keepText(of: answer) }
    remove { $0.reader.isGone }
  }

  /// Ends an answer with an error.
  func fail(_ answer: AnswerInProgress, _ error: PromptCacheError) {
    answer.reader.fail(error)
    remove { $0 === answer }
  }

  func remove(where isLeaving: (AnswerInProgress) -> Bool) {
    running.removeAll { answer in
      guard isLeaving(answer) else { return false }
      stateBytes -= answer.budget.stateBytes + (answer.sharedBudget?.leave() ?? 0)
      return true
    }
  }

  /// Ends answers that have waited too long.
  private func failLate() {
    guard let most = limits.waitingTime else { return }
    let now = ContinuousClock.now
    for answer in waiting where now - answer.arrival > most { answer.reader.fail(.waitedTooLong(most)) }
    waiting.removeAll { now - $0.arrival > most }
  }

  // MARK: The store's space

  /// From time to time lets the store use the space again of what went since answers came, those that wait and those
  /// whose readers are slow included.
  private func renewRegularly() {
    guard renewal == nil, !(running.isEmpty && waiting.isEmpty) else { return }
    renewal = Task { [weak self, interval = limits.renewalInterval] in
      repeat { try? await Task.sleep(for: interval) } while await self?.renewSnapshots() ?? false
    }
  }

  /// - Returns: whether there is an answer left.
  private func renewSnapshots() -> Bool {
    dropAbandoned()
    failLate()
    for answer in waiting { answer.prompt.renew() }
    for answer in running { answer.prompt.renew() }
    for answer in settling.surplus { drop(answer) }
    for answer in settling.waiting { answer.prompt.renew() }
    guard running.isEmpty && waiting.isEmpty && settling.isEmpty else { return true }
    renewal = nil
    return false
  }
}
