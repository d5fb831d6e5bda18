internal import Engine

/// Waits for a prompt that several answers go on from.
struct BranchingReader: ScoreReader {
  let answers: [AnswerInProgress]

  var isGone: Bool { answers.allSatisfy(\.reader.isGone) }
  var nextToken: Int32? { nil }

  mutating func addPrefill(_ duration: Duration) { for answer in answers { answer.reader.addPrefill(duration) } }

  mutating func addRemembered(_ tokens: Int, exactly exactTokens: Int) {
    for answer in answers { answer.reader.addRemembered(tokens, exactly: exactTokens) }
  }

  mutating func take(_ logits: Logits) -> Bool { true }

  func fail(_ error: PromptCacheError) { for answer in answers { answer.reader.fail(error) } }
}

extension AnswerScheduler {
  /// What several answers to `prompt` take at most.
  ///
  /// - Parameters:
  ///   - prompt: the prompt, which they have in common.
  ///   - options: those of each.
  public nonisolated func budget(for prompt: ReadyPrompt, options: [GenerationOptions]) -> AnswerBudget {
    guard options.count != 1 else { return budget(for: prompt, options: options[0]) }
    let own = options.map { ownBudget(behind: prompt, $0) }
    return AnswerBudget(
      tokens: own.reduce(prompt.tokens.count) { $0 + $1.tokens },
      stateBytes: own.reduce(promptBytes(prompt)) { $0 + $1.stateBytes })
  }

  /// Takes on several answers to one prompt, which is computed once. They begin together; each is what it would be alone.
  ///
  /// - Parameters:
  ///   - prompt: the prompt.
  ///   - options: for each answer, how tokens are chosen, and when it ends.
  ///   - group: whose they are, such as a client's name. Where answers wait, groups take turns.
  ///   - start: when their request began; the time to the first token counts from here.
  /// - Returns: an answer for each of `options`, in their order. The budget of each is what it takes besides the prompt.
  /// - Throws: as for one answer.
  public func submit(
    _ prompt: ReadyPrompt, options: [GenerationOptions], group: String = "", start: ContinuousClock.Instant = .now
  ) throws(PromptCacheError) -> [ScheduledAnswer] {
    guard options.count > 1 else {
      return try options.map { options throws(PromptCacheError) in
        try submit(prompt, options: options, group: group, start: start)
      }
    }
    let shared = SharedBudget(
      stateBytes: promptBytes(prompt), users: options.count)
    var answers: [AnswerInProgress] = []
    var scheduled: [ScheduledAnswer] = []
    for options in options {
      let (reader, channel) = reader(of: prompt, options, start: start)
      let answer = AnswerInProgress(
        nextID(), group: group, to: prompt, budget: ownBudget(behind: prompt, options), sharing: shared, reader: reader)
      answers.append(answer)
      scheduled.append(
        ScheduledAnswer(
          Subscription(answer.id, channel, of: self, limit: limits.unreadEvents), budget: answer.budget))
    }
    _ = try take(prompt, budget(for: prompt, options: options), group, BranchingReader(answers: answers))
    return scheduled
  }

  private nonisolated func ownBudget(behind prompt: ReadyPrompt, _ options: GenerationOptions) -> AnswerBudget {
    let tokens = mostTokens(behind: prompt, options.maximumTokens)
    return AnswerBudget(
      tokens: tokens,
      stateBytes: engine.byteCount(ofNewTokens: tokens, behind: prompt.tokens.count, sections: prompt.sections))
  }

  private nonisolated func promptBytes(_ prompt: ReadyPrompt) -> Int {
    engine.byteCount(ofNewTokens: prompt.tokens.count, sections: prompt.sections)
  }

  /// Begins answers behind a prompt, whose scores these are.
  func begin(_ answers: [AnswerInProgress], behind prompt: AnswerInProgress, _ logits: Logits) {
    remove { $0 === prompt }
    let (gone, wanted) = (answers.filter(\.reader.isGone), answers.filter { !$0.reader.isGone })
    guard let shared = wanted.first?.sharedBudget else { return }
    for _ in gone { _ = shared.leave() }
    stateBytes += wanted.reduce(shared.stateBytes) { $0 + $1.budget.stateBytes }
    running += wanted
    do throws(EngineError) {
      let count = prompt.prompt.tokens.count
      let beginning = wanted.count > 1 ? try prompt.sequence.beginning(count) : nil
      for (index, answer) in wanted.enumerated() {
        guard index > 0, let beginning else {
          answer.beginBehindPrompt(prompt.sequence)
          continue
        }
        answer.beginBehindPrompt(
          try SequenceState(
            attending: prompt.prompt.attended, isExtended: prompt.prompt.isExtended, beginningWith: beginning,
            count: count))
      }
    } catch {
      for answer in wanted { fail(answer, .engine(error)) }
    }
    for answer in wanted where running.contains(where: { $0 === answer }) { read(logits, for: answer) }
  }
}
