internal import Engine

/// Passes over prompts, and what is known of how long they take.
struct PromptPasses {
  /// A pass that is being computed, the answers that its inputs are of, and how long it has taken.
  struct Current {
    let pass: InferenceEngine.PassInProgress
    let answers: [AnswerInProgress]
    var duration = Duration.zero
    var layers = 0

    var tokens: Int { pass.inputs.reduce(0) { $0 + $1.tokens.count } }
  }

  var current: Current?
  /// The pass that stands still while `current`, over short prompts, is computed.
  var interrupted: Current?
  /// For how long a pass is to go on before short prompts come between again: as long as the last ones took.
  var owed = Duration.zero
  /// How long the last step took that gave a token to each of some answers.
  var tokenDuration = Duration.zero
  /// How long the last pass took for one token in one layer.
  var tokenLayerDuration: Duration?
  /// Counts passes.
  var turns = 0

  /// Forgets passes that are not wanted any more.
  mutating func drop(where isUnwanted: (Current) -> Bool) {
    if let pass = interrupted, isUnwanted(pass) { interrupted = nil }
    if let pass = current, isUnwanted(pass) { goOn() }
  }

  /// Goes on with what was interrupted, if something was.
  mutating func goOn() {
    if interrupted != nil { owed = current?.duration ?? .zero }
    current = interrupted
    interrupted = nil
  }

  /// Notes how long a pass took.
  mutating func note(_ duration: Duration, ofLayers layers: Int, tokens: Int) {
    tokenLayerDuration = duration / max(layers * tokens, 1)
  }
}

extension AnswerScheduler {
  /// How long a pass runs before the loop checks for news, if no other answer waits for it.
  private static let slice = Duration.milliseconds(10)
  /// Parts that a prompt has at most to come before the rest of a long pass.
  private static let shortParts = 2
  /// How much longer than usual the time between two tokens may get while a prompt is computed too.
  private static let delay = 1.5

  /// Computes some layers of a pass.
  ///
  /// - Parameter besideTokens: whether answers wait for their next tokens meanwhile.
  /// - Returns: the scores if all are computed, the time that it took, and the number of layers.
  func advance(
    _ pass: InferenceEngine.PassInProgress, besideTokens: Bool
  ) throws(EngineError) -> (logits: [Logits]?, took: Duration, layers: Int) {
    let clock = ContinuousClock()
    let start = clock.now
    let most = besideTokens ? prompts.tokenDuration * Self.delay : Self.slice
    var before = start
    var layers = 0
    let logits = try pass.advance {
      layers += 1
      let now = clock.now
      defer { before = now }
      // Not if the next layer, which takes as long as the last one, would be late.
      return !pass.isBetweenPasses && now - start + (now - before) <= most && !executor.hasWaitingJobs
    }
    // The last one of all is not asked about.
    return (logits, clock.now - start, layers + (logits == nil ? 0 : 1))
  }

  /// Keeps the loop running while there is something to do.
  func wake() {
    guard !isLooping else { return }
    isLooping = true
    Task { await loop() }
  }

  private func loop() async {
    while step() {
      // Lets other callers in: with a new answer, a token, or a cancellation.
      if executor.hasWaitingJobs { await Task.yield() }
    }
    isLooping = false
  }

  /// Computes the next token of each answer that is under way, and some layers of a pass over prompts, or of one asked for.
  ///
  /// - Returns: whether there was anything to do.
  private func step() -> Bool {
    dropAbandoned()
    requested.dropAbandoned()
    admit()
    let hadTokens = computeTokens()
    // What a prompt waits for goes first, but interrupts no pass; what none waits for comes when there is nothing else to do.
    if prompts.current == nil, !requested.isUnderWay(.answer), let awaited {
      settle(awaited, besideTokens: hadTokens)
      return true
    }
    if computePass(besideTokens: hadTokens) || hadTokens { return true }
    if let unsettled = settling.first {
      settle(unsettled, besideTokens: false)
      return true
    }
    return computeRequested(.background, besideTokens: false)
  }

  /// About how many tokens a pass may have.
  func passTokens(besideTokens: Bool) -> Int {
    let part = InferenceEngine.tokensPerPart
    let most = max(limits.promptTokensPerPass, part)
    guard besideTokens else { return most }
    // A layer of it is not to take longer than a token.
    let fitting = prompts.tokenLayerDuration.map { Int(prompts.tokenDuration / $0) } ?? part
    return min(max(fitting, part), most)
  }

  /// One token of each answer that has begun, and prompts that are no longer than what goes as fast.
  private func computeTokens() -> Bool {
    var (answers, inputs): ([AnswerInProgress], [InferenceEngine.Input]) = ([], [])
    for answer in running {
      guard let input = answer.shortPromptInput ?? answer.nextTokenInput, reserve(input, for: answer) else { continue }
      answers.append(answer)
      inputs.append(input)
    }
    guard !answers.isEmpty else { return false }
    let clock = ContinuousClock()
    let start = clock.now
    do throws(EngineError) {
      let logits = try engine.forward(inputs)
      prompts.tokenDuration = clock.now - start
      take(logits, of: inputs, for: answers, took: prompts.tokenDuration)
    } catch {
      for answer in answers { fail(answer, error == .cancelled ? .cancelled : .engine(error)) }
    }
    return true
  }

  /// Some layers of a pass over prompts.
  func computePrompts(besideTokens: Bool) -> Bool {
    // The rest of a pass is not needed if all of its answers are gone.
    prompts.drop { current in !current.answers.contains { running.contains($0) } }
    if prompts.current == nil { prompts.current = beginPrompts(besideTokens: besideTokens) }
    interruptForShortPrompts(besideTokens: besideTokens)
    guard var current = prompts.current else { return false }
    do throws(EngineError) {
      let (logits, took, layers) = try advance(current.pass, besideTokens: besideTokens)
      current.duration += took
      current.layers += layers
      prompts.owed -= took
      prompts.current = current
      guard let logits else { return true }
      prompts.goOn()
      prompts.note(current.duration, ofLayers: current.layers, tokens: current.tokens)
      requested.areNext = true
      for answer in current.answers { answer.isInPass = false }
      take(logits, of: current.pass.inputs, for: current.answers, took: current.duration)
    } catch {
      prompts.goOn()
      for answer in current.answers { fail(answer, error == .cancelled ? .cancelled : .engine(error)) }
    }
    return true
  }

  /// Lets short prompts, such as those with most of their states in the store, come before the rest of a long pass.
  private func interruptForShortPrompts(besideTokens: Bool) {
    guard let current = prompts.current, prompts.interrupted == nil, prompts.owed <= .zero else { return }
    // What a pass of this length takes is less than what is left of the long one.
    let most = Self.shortParts * InferenceEngine.tokensPerPart
    guard current.tokens >= 2 * most,
      let pass = beginPrompts(besideTokens: besideTokens, where: { $0.promptTokensLeft <= most })
    else { return }
    prompts.interrupted = current
    prompts.current = pass
  }

  /// Begins a pass over parts of prompts, those first that have waited the longest for a turn.
  ///
  /// - Parameter isMeant: which prompts it may take.
  private func beginPrompts(
    besideTokens: Bool, where isMeant: (AnswerInProgress) -> Bool = { _ in true }
  ) -> PromptPasses.Current? {
    let part = InferenceEngine.tokensPerPart
    var room = passTokens(besideTokens: besideTokens)
    let candidates = running.filter { $0.promptTokensLeft > 0 && !$0.isInPass && $0.awaited == nil && isMeant($0) }
      .sorted { $0.turn < $1.turn }
    var parts = Array(repeating: 0, count: candidates.count)
    // A part for each in turn, so that short prompts need not wait for long ones.
    var isOpen = true
    while isOpen {
      isOpen = false
      for (index, answer) in candidates.enumerated() where room >= part || parts[0] == 0 {
        let count = parts[index]
        guard answer.promptTokens(inParts: count) < answer.promptTokens(inParts: count + 1) else { continue }
        parts[index] += 1
        room -= part
        isOpen = true
      }
    }
    var (answers, inputs): ([AnswerInProgress], [InferenceEngine.Input]) = ([], [])
    for (answer, parts) in zip(candidates, parts) where parts > 0 {
      let input = answer.promptInput(answer.promptTokens(inParts: parts))
      guard reserve(input, for: answer) else { continue }
      answers.append(answer)
      inputs.append(input)
    }
    guard !answers.isEmpty else { return nil }
    do throws(EngineError) {
      let pass = PromptPasses.Current(pass: try engine.begin(inputs), answers: answers)
      prompts.turns += 1
      for answer in answers {
        answer.isInPass = true
        answer.turn = prompts.turns
      }
      return pass
    } catch {
      for answer in answers { fail(answer, .engine(error)) }
      return nil
    }
  }

  /// Takes memory for the states of `input`; if there is none, only this answer ends.
  private func reserve(_ input: InferenceEngine.Input, for answer: AnswerInProgress) -> Bool {
    do throws(EngineError) {
      try input.sequence.reserve(input.tokens.count, shape: engine.kvShape)
      return true
    } catch {
      fail(answer, .engine(error))
      return false
    }
  }

  /// Hands scores out. An answer whose scores are not numbers ends; the others go on.
  private func take(
    _ logits: [Logits], of inputs: [InferenceEngine.Input], for answers: [AnswerInProgress], took duration: Duration
  ) {
    for (index, answer) in answers.enumerated() where running.contains(answer) {
      let wasPrompt = answer.promptTokensLeft > 0
      answer.count(inputs[index], took: duration)
      guard answer.promptTokensLeft == 0 else { continue }
      if read(logits[index], for: answer), wasPrompt { keepPrompt(of: answer) }
    }
  }

  /// Hands the scores of an answer's next token out.
  ///
  /// - Returns: whether they are numbers.
  @discardableResult
  func read(_ logits: Logits, for answer: AnswerInProgress) -> Bool {
    do throws(PromptCacheError) {
      guard try answer.take(logits) else { return true }
      if let branches = answer.reader as? BranchingReader {
        begin(branches.answers, behind: answer, logits)
      } else {
        keepText(of: answer)
        remove { $0 === answer }
      }
      return true
    } catch {
      fail(answer, error)
      return false
    }
  }
}

extension [AnswerInProgress] {
  fileprivate func contains(_ answer: AnswerInProgress) -> Bool { contains { $0 === answer } }
}
