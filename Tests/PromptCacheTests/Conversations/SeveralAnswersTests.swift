import PromptCache
import Testing

/// Several answers to one prompt, which is computed once.
@Suite struct SeveralAnswersTests {
  private static let options = (0..<5).map { index in
    GenerationOptions(
      maximumTokens: 3 + 6 * index, sampling: SamplingOptions(temperature: Float(index), seed: UInt64(index)),
      stops: index == 3 ? [" "] : [], logProbabilities: 4)
  }

  private func completion(_ answer: ScheduledAnswer) async throws -> Completion {
    while let event = try await answer.next() { if case .finish(let completion) = event { return completion } }
    throw PromptCacheError.cancelled
  }

  private func prompts(_ fixture: Fixture) throws -> [ReadyPrompt] {
    let schema = try fixture.session.warm(fixture.schema(chain), as: .f16).schema
    return [
      try fixture.session.prepare(try fixture.layout(chainPrompt("A"), of: schema), of: schema, element: .f16),
      try fixture.session.prepare(
        try fixture.layout(chainPrompt(String(repeating: " word and", count: 150)), of: schema), of: schema,
        element: .f16),
      try ReadyPrompt(tokens: (0..<256).map { Int32(5 + $0 * 7) }, for: fixture.model),
    ]
  }

  @Test func eachIsWhatItIsAlone() async throws {
    let fixture = try Fixture()
    for prompt in try prompts(fixture) {
      var alone: [Completion] = []
      for options in Self.options { alone.append(try await fixture.answer(prompt, options)) }
      let memory = ConversationMemory(byteLimit: 1 << 30)
      for ready in [prompt, prompt.remembered(in: memory), prompt.remembered(in: memory)] {
        let answers = try await fixture.session.scheduler.submit(ready, options: Self.options)
        for (answer, expected) in zip(answers, alone) { expectSame(try await completion(answer), expected) }
      }
      try await expectIdle(try fixture.session.scheduler)
    }
  }

  @Test func theyTakeTheirRoomTogetherAndThePromptOnce() async throws {
    let fixture = try Fixture(limits: AnswerLimits(running: 3))
    let scheduler = try fixture.session.scheduler
    let prompt = try prompts(fixture)[2]
    let long = Array(repeating: GenerationOptions(maximumTokens: 400, sampling: wild), count: 5)
    let budget = scheduler.budget(for: prompt, options: long)
    #expect(budget.tokens == 256 + 5 * 400)
    #expect(budget.stateBytes < 4 * scheduler.budget(for: prompt, options: long[0]).stateBytes)
    // Five are more than the limit, so they begin alone, and another one waits for them.
    let answers = try await scheduler.submit(prompt, options: long)
    let other = try await scheduler.submit(prompt, options: GenerationOptions(maximumTokens: 1))
    for answer in answers { _ = try await answer.next() }
    let load = await scheduler.load
    #expect(load.running == 5 && load.waiting == 1)
    #expect(load.stateBytes == budget.stateBytes)
    for answer in answers.prefix(3) { answer.cancel() }
    _ = try await completion(other)
    let left = await scheduler.load
    #expect(left.running == 2 && left.stateBytes > 256 * 5 * 2 * 2 * 64 * 4)
    for answer in answers { answer.cancel() }
    try await expectIdle(scheduler)
    await #expect {
      _ = try await AnswerScheduler(
        model: fixture.model, engine: fixture.engine, limits: AnswerLimits(stateBytes: budget.stateBytes - 1)
      ).submit(prompt, options: long)
    } throws: { error in
      if case PromptCacheError.answerTooLarge = error { true } else { false }
    }
  }

  @Test func oneThatIsCancelledLeavesTheOthers() async throws {
    let fixture = try Fixture(limits: AnswerLimits(promptTokensPerPass: 64))
    let scheduler = try fixture.session.scheduler
    let prompt = try prompts(fixture)[1]
    var alone: [Completion] = []
    for options in Self.options { alone.append(try await fixture.answer(prompt, options)) }
    for cancelled in [0, 4] {
      let answers = try await scheduler.submit(prompt, options: Self.options)
      answers[cancelled].cancel()
      for (index, answer) in answers.enumerated() where index != cancelled {
        expectSame(try await completion(answer), alone[index])
      }
      let (first, rest) = (answers[cancelled], try await scheduler.submit(prompt, options: Self.options))
      await #expect(throws: PromptCacheError.self) { try await completion(first) }
      for answer in rest { answer.cancel() }
      try await expectIdle(scheduler)
    }
  }
}
