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
  private let repair: Double
  private let byModule: Bool
  private let maximumTokens: Int

  /// An audit.
  ///
  /// - Parameters:
  ///   - session: the model and the store.
  ///   - element: KV format of the states.
  ///   - joint: whether joint encodings are used as far as they are there.
  ///   - repair: how much of the cached tokens that are not exact is computed again, 0 to 1.
  ///   - byModule: whether it finds out which modules' states, as they are stored, cost most; that takes a pass for each of them.
  ///   - maximumTokens: how long answers get, 1 or more.
  public init(
    _ session: CacheSession, element: KVElement, joint: Bool = true, repair: Double = 0, byModule: Bool = false,
    maximumTokens: Int
  ) {
    precondition(maximumTokens >= 1, "\(maximumTokens) tokens")
    self.session = session
    self.element = element
    self.joint = joint
    self.repair = repair
    self.byModule = byModule
    self.maximumTokens = maximumTokens
  }

  /// Compares the answers to one prompt, whose states are in the store.
  ///
  /// - Throws: `PromptCacheError.statesMissing`; `.store` for damaged states; `.engine`, `.cancelled`.
  public func report(on layout: PromptLayout, of schema: PlannedSchema) async throws(PromptCacheError) -> AuditReport {
    let found = try session.states(for: layout, of: schema, element: element, joint: joint)
    let cached = try session.prompt(layout, of: schema, found, repair: repair)
    let baseline = ReadyPrompt(uncached: layout)
    guard !baseline.tokens.isEmpty else { throw .emptyPrompt }
    let limit = min(
      maximumTokens, cached.positionsLimit - cached.nextPosition, baseline.positionsLimit - baseline.nextPosition)
    var comparison = AnswerComparison(limit: limit, scheduler: try session.scheduler)
    let divergences = try await comparison.begin(baseline, besides: cached, endTokens: session.model.endTokens)
    let mean = AuditReport.Divergence(divergences.map(\.divergence))
    let agreeing = divergences.count { $0.agrees }
    let answer = AuditReport.Answer(
      text: text(of: comparison.tokens), tokens: comparison.tokens, finishReason: comparison.finishReason)
    let causes =
      byModule
      ? try await ModuleAudit(session, layout, schema, found, comparison).causes(of: mean.mean) : nil
    return AuditReport(
      promptTokens: baseline.tokens.count, cachedTokens: cached.cachedTokens,
      exactTokens: cached.exactTokens, positions: divergences.count, divergence: mean,
      agreement: Double(agreeing) / Double(divergences.count),
      cached: agreeing == divergences.count ? answer : try await self.answer(to: cached, limit), baseline: answer,
      causes: causes, repair: repair, imported: Self.modules(in: layout, of: schema))
  }

  private static func modules(in layout: PromptLayout, of schema: PlannedSchema) -> Set<ModulePath> {
    Set(
      layout.parts.compactMap { part in
        guard case .schema(let item) = part.content else { return nil }
        return schema.plan.layout.modules[schema.plan.layout.module(of: item)].path
      })
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
