internal import Engine

/// The baseline's answer to a prompt, and how far from it others are who go along it.
struct AnswerComparison {
  /// The next token as two sequences expect it.
  struct Position {
    /// Of the second one's distribution from the baseline's, in nats.
    let divergence: Double
    /// Whether the likeliest token is the same.
    let agrees: Bool
  }

  /// Sequences that go along the answer at a time: each has the states of all that it computes itself.
  private static let sequencesAtATime = 4

  /// The baseline's answer, without what ended it.
  private(set) var tokens: [Int32] = []
  /// Why it ended.
  private(set) var finishReason = Completion.FinishReason.length

  private let limit: Int
  private let scheduler: AnswerScheduler
  /// What the baseline expected, token by token.
  private var expected: [LogProbabilities] = []

  /// - Parameter limit: tokens of the answer at most.
  init(limit: Int, scheduler: AnswerScheduler) {
    self.limit = limit
    self.scheduler = scheduler
  }

  /// Makes the baseline's answer, of the likeliest tokens, and takes `other` along.
  ///
  /// - Returns: one comparison for each token of the answer, and one for its end.
  mutating func begin(
    _ baseline: ReadyPrompt, besides other: ReadyPrompt, endTokens: Set<Int32>
  ) async throws(PromptCacheError) -> [Position] {
    let sequences = [
      try await scheduler.guide(baseline, maximumTokens: limit), try await scheduler.guide(other, maximumTokens: limit),
    ]
    var positions: [Position] = []
    while true {
      let (mine, theirs) = (try await sequences[0].scores(), try await sequences[1].scores())
      let token = likeliest(mine)
      let distribution = LogProbabilities(mine[0])
      expected.append(distribution)
      positions.append(
        Position(
          divergence: distribution.divergence(of: LogProbabilities(theirs[0])), agrees: likeliest(theirs) == token))
      guard !endTokens.contains(token) else {
        finishReason = .stop
        return positions
      }
      tokens.append(token)
      guard tokens.count < limit else { return positions }
      await scheduler.give(token, to: sequences)
    }
  }

  /// Divergences of other prompts from the baseline, along its answer.
  func divergences(of prompts: [ReadyPrompt]) async throws(PromptCacheError) -> [AuditReport.Divergence] {
    var found: [AuditReport.Divergence] = []
    var remaining = prompts[...]
    while !remaining.isEmpty {
      let some = remaining.prefix(Self.sequencesAtATime)
      remaining = remaining.dropFirst(some.count)
      found += try await divergences(ofSome: some)
    }
    return found
  }

  private func divergences(
    ofSome prompts: ArraySlice<ReadyPrompt>
  ) async throws(PromptCacheError) -> [AuditReport.Divergence] {
    var sequences: [GuidedSequence] = []
    for prompt in prompts { sequences.append(try await scheduler.guide(prompt, maximumTokens: limit)) }
    var divergences = [[Double]](repeating: [], count: sequences.count)
    for (position, distribution) in expected.enumerated() {
      for (index, sequence) in sequences.enumerated() {
        let scores = try await sequence.scores()
        divergences[index].append(distribution.divergence(of: LogProbabilities(scores[0])))
      }
      if position < expected.count - 1 { await scheduler.give(tokens[position], to: sequences) }
    }
    return divergences.map(AuditReport.Divergence.init)
  }

  private func likeliest(_ logits: Logits) -> Int32 {
    var sampler = Sampler(SamplingOptions())
    return sampler.pick(from: logits[0])
  }
}
