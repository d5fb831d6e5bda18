internal import Engine
public import KVCacheFormat
public import PMLCompiler
internal import Tokenizers

/// Compares answers from cached states with the baseline, which computes everything at positions 0, 1, 2 …
///
/// Both go along the baseline's answer, token by token, in passes that they share, and what each expects next is
/// compared. Where they expect the same all the way, they would have answered the same; else the cached answer is made as
/// well.
public struct PromptAudit: Sendable {
  private let session: CacheSession
  private let element: KVElement
  private let maximumTokens: Int

  /// An audit.
  ///
  /// - Parameters:
  ///   - element: KV format of the states.
  ///   - maximumTokens: how long answers get, 1 or more.
  public init(_ session: CacheSession, element: KVElement, maximumTokens: Int) {
    precondition(maximumTokens >= 1, "\(maximumTokens) tokens")
    self.session = session
    self.element = element
    self.maximumTokens = maximumTokens
  }

  /// Compares the answers to one prompt, whose states are in the store.
  ///
  /// - Throws: `PromptCacheError.statesMissing`; `.store` for damaged states; `.engine`, `.cancelled`.
  public func report(on layout: PromptLayout, of schema: PreparedSchema) throws(PromptCacheError) -> AuditReport {
    let cached = try session.prepare(layout, of: schema, element: element)
    let baseline = PreparedPrompt(uncached: layout)
    guard !baseline.tokens.isEmpty else { throw .emptyPrompt }
    // The baseline has the lower positions.
    let limit = min(maximumTokens, session.engine.configuration.contextLength - cached.nextPosition)
    var (along, beside) = (Follower(baseline), Follower(cached))
    var expected = (try begin(&along), try begin(&beside))
    var divergences: [Double] = []
    var agreeing = 0
    var tokens: [Int32] = []
    var reason = Completion.FinishReason.length
    while true {
      cached.renew()
      let token = expected.0.top(1).first?.tokenID ?? 0
      divergences.append(expected.0.divergence(of: expected.1))
      if expected.1.top(1).first?.tokenID == token { agreeing += 1 }
      guard !session.model.endTokens.contains(token) else {
        reason = .stop
        break
      }
      tokens.append(token)
      guard tokens.count < limit else { break }
      expected = try step(token, &along, &beside)
    }
    let answer = AuditReport.Answer(text: text(of: tokens), tokens: tokens, finishReason: reason)
    return AuditReport(
      promptTokens: baseline.tokens.count, cachedTokens: cached.cachedTokens, positions: divergences.count,
      divergence: AuditReport.Divergence(
        mean: divergences.reduce(0, +) / Double(divergences.count), greatest: divergences.max() ?? 0),
      agreement: Double(agreeing) / Double(divergences.count),
      cached: agreeing == divergences.count ? answer : try self.answer(to: cached, limit), baseline: answer)
  }

  /// A sequence that is given the tokens of an answer.
  private struct Follower {
    let prompt: PreparedPrompt
    let sequence: SequenceState
    var given = 0

    init(_ prompt: PreparedPrompt) {
      self.prompt = prompt
      sequence = SequenceState(attending: prompt.attended)
    }

    mutating func input(_ token: Int32) -> InferenceEngine.Input {
      defer { given += 1 }
      return InferenceEngine.Input(
        sequence: sequence, tokens: [token], positions: [Int32(prompt.nextPosition + given)], logits: .last)
    }
  }

  /// What is expected behind the prompt.
  private func begin(_ follower: inout Follower) throws(PromptCacheError) -> LogProbabilities {
    let prompt = follower.prompt
    let input = InferenceEngine.Input(
      sequence: follower.sequence, tokens: prompt.tokens, positions: prompt.positions, logits: .last)
    return try expectations([input])[0]
  }

  /// What both expect behind one more token.
  private func step(
    _ token: Int32, _ first: inout Follower, _ second: inout Follower
  ) throws(PromptCacheError) -> (LogProbabilities, LogProbabilities) {
    let next = try expectations([first.input(token), second.input(token)])
    return (next[0], next[1])
  }

  /// One distribution an input.
  private func expectations(_ inputs: [InferenceEngine.Input]) throws(PromptCacheError) -> [LogProbabilities] {
    let logits = try withEngineErrors { () throws(EngineError) in try session.engine.forward(inputs) }
    guard logits.count == inputs.count, logits.allSatisfy({ $0.rows == 1 && $0.isFinite(row: 0) }) else {
      throw .engine(.scoresNotFinite)
    }
    return logits.map { LogProbabilities($0[0]) }
  }

  private func answer(to prompt: PreparedPrompt, _ limit: Int) throws(PromptCacheError) -> AuditReport.Answer {
    var batch = GenerationBatch(model: session.model, engine: session.engine)
    try batch.add(prompt, options: GenerationOptions(maximumTokens: limit))
    while true {
      for (_, event) in try batch.step() {
        guard case .finish(let completion) = event else { continue }
        return AuditReport.Answer(
          text: completion.text, tokens: completion.tokens, finishReason: completion.finishReason)
      }
    }
  }

  private func text(of tokens: [Int32]) -> String {
    var decoder = session.model.tokenizer.tokenizer.makeStreamingDecoder()
    return tokens.reduce(into: "") { $0 += decoder.append($1) } + decoder.finish()
  }
}
