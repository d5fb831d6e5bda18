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
  private let joint: Bool
  private let maximumTokens: Int

  /// An audit.
  ///
  /// - Parameters:
  ///   - session: the model and the store.
  ///   - element: KV format of the states.
  ///   - joint: whether joint encodings are used as far as they are there.
  ///   - maximumTokens: how long answers get, 1 or more.
  public init(_ session: CacheSession, element: KVElement, joint: Bool = true, maximumTokens: Int) {
    precondition(maximumTokens >= 1, "\(maximumTokens) tokens")
    self.session = session
    self.element = element
    self.joint = joint
    self.maximumTokens = maximumTokens
  }

  /// Compares the answers to one prompt, whose states are in the store.
  ///
  /// - Throws: `PromptCacheError.statesMissing`; `.store` for damaged states; `.engine`, `.cancelled`.
  public func report(on layout: PromptLayout, of schema: PlannedSchema) async throws(PromptCacheError) -> AuditReport {
    let cached = try session.prepare(layout, of: schema, element: element, joint: joint)
    let baseline = ReadyPrompt(uncached: layout)
    guard !baseline.tokens.isEmpty else { throw .emptyPrompt }
    let limit = min(
      maximumTokens, cached.positionsLimit - cached.nextPosition, baseline.positionsLimit - baseline.nextPosition)
    let scheduler = try session.scheduler
    let sequences = [
      try await scheduler.guide(baseline, maximumTokens: limit),
      try await scheduler.guide(cached, maximumTokens: limit),
    ]
    var divergences: [Double] = []
    var agreeing = 0
    var tokens: [Int32] = []
    var reason = Completion.FinishReason.length
    while true {
      let (expected, found) = (try await sequences[0].scores(), try await sequences[1].scores())
      let token = likeliest(expected)
      divergences.append(LogProbabilities(expected[0]).divergence(of: LogProbabilities(found[0])))
      if likeliest(found) == token { agreeing += 1 }
      guard !session.model.endTokens.contains(token) else {
        reason = .stop
        break
      }
      tokens.append(token)
      guard tokens.count < limit else { break }
      await scheduler.give(token, to: sequences)
    }
    let answer = AuditReport.Answer(text: text(of: tokens), tokens: tokens, finishReason: reason)
    return AuditReport(
      promptTokens: baseline.tokens.count, cachedTokens: cached.cachedTokens,
      exactTokens: cached.exactTokens, positions: divergences.count,
      divergence: AuditReport.Divergence(
        mean: divergences.reduce(0, +) / Double(divergences.count), greatest: divergences.max() ?? 0),
      agreement: Double(agreeing) / Double(divergences.count),
      cached: agreeing == divergences.count ? answer : try await self.answer(to: cached, limit), baseline: answer)
  }

  private func likeliest(_ logits: Logits) -> Int32 {
    var sampler = Sampler(SamplingOptions())
    return sampler.pick(from: logits[0])
  }

  private func answer(to prompt: ReadyPrompt, _ limit: Int) async throws(PromptCacheError) -> AuditReport.Answer {
    let completion = try await session.generate(from: prompt, options: GenerationOptions(maximumTokens: limit))
      .completion()
    return AuditReport.Answer(
      text: completion.text, tokens: completion.tokens, finishReason: completion.finishReason)
  }

  private func text(of tokens: [Int32]) -> String {
    var decoder = session.model.tokenizer.tokenizer.makeStreamingDecoder()
    return tokens.reduce(into: "") { $0 += decoder.append($1) } + decoder.finish()
  }
}
