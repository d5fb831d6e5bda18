import PromptCache
import Testing

/// A prompt that begins like one before goes on from its states, and its answer is the same as without them.
@Suite struct ConversationMemoryTests {
  /// Sampled, so that a bit that differs is likely to show; with the scores.
  private static func options(_ seed: Int, tokens: Int = 12) -> GenerationOptions {
    GenerationOptions(
      maximumTokens: tokens, sampling: SamplingOptions(temperature: 3, seed: UInt64(seed)), logProbabilities: 6)
  }

  private static func tokens(_ range: Range<Int>, way: Int = 0) -> [Int32] {
    range.map { Int32(5 + ($0 * 37 + way * 101) % 2000) }
  }

  /// An answer with a memory, which is to be the one without.
  private func expectSameAnswer(
    _ prompt: ReadyPrompt, _ options: GenerationOptions, in memory: ConversationMemory, _ fixture: Fixture,
    location: SourceLocation = #_sourceLocation
  ) async throws -> Completion {
    let plain = try await fixture.answer(prompt, options)
    let found = try await fixture.answer(prompt.remembered(in: memory), options)
    expectSame(found, plain, location: location)
    #expect(found.usage.promptTokens == plain.usage.promptTokens, sourceLocation: location)
    return found
  }

  @Test(arguments: WeightFormat.allCases)
  func aTurnOfAConversationCostsItsNewTokensAlone(weights: WeightFormat) async throws {
    let fixture = try Fixture(weights: weights)
    let memory = ConversationMemory(byteLimit: 1 << 30)
    var said: [Int32] = []
    var known = 0
    // Ends of turns on both sides of where spans and pages end; the first one is as short as the fast way takes.
    for (turn, new) in [7, 1, 43, 64, 65, 9, 120, 3, 300, 30].enumerated() {
      said += Self.tokens(1000 * turn..<1000 * turn + new)
      let prompt = try ReadyPrompt(tokens: said, for: fixture.model)
      let answer = try await expectSameAnswer(prompt, Self.options(turn), in: memory, fixture)
      #expect(answer.usage.cachedTokens == known && answer.usage.exactTokens == known)
      said += answer.tokens
      known = said.count
    }
    #expect(memory.usage.conversations == 1)
    #expect(memory.usage.tokens >= known - 12 && memory.usage.tokens <= known)
  }

  @Test func anEarlierTurnMayBeSaidOtherwise() async throws {
    let fixture = try Fixture()
    let memory = ConversationMemory(byteLimit: 1 << 30)
    let whole = Self.tokens(0..<700)
    for end in [700, 10, 130, 257, 300] {
      let prompt = try ReadyPrompt(tokens: Array(whole.prefix(end)), for: fixture.model)
      let answer = try await expectSameAnswer(prompt, Self.options(1, tokens: 3), in: memory, fixture)
      #expect(answer.usage.cachedTokens == (end == 700 ? 0 : end - 1))
    }
    // Over and over, so that what was written for one would show in another.
    for round in 0..<2 {
      for (way, same) in [5, 64, 100, 128, 129, 200, 256, 300, 511, 512, 600].enumerated() {
        let tokens = whole.prefix(same) + Self.tokens(same..<same + 90, way: way + 1)
        let prompt = try ReadyPrompt(tokens: Array(tokens), for: fixture.model)
        let answer = try await expectSameAnswer(prompt, Self.options(way, tokens: 3), in: memory, fixture)
        #expect(answer.usage.cachedTokens == (round == 0 ? same : same + 89))
      }
    }
    let prompt = try ReadyPrompt(tokens: whole, for: fixture.model)
    let answer = try await expectSameAnswer(prompt, Self.options(1, tokens: 3), in: memory, fixture)
    #expect(answer.usage.cachedTokens == 699)
  }

  @Test func newTextIsRememberedUnderWhatItStandsOn() async throws {
    let fixture = try Fixture()
    let schema = try fixture.session.warm(fixture.schema(chain), as: .f16)
    let memory = ConversationMemory(byteLimit: 1 << 30)
    let text = "What does the Dripin cost, and what does the Worbi weigh? And who leads Bonkru Labs?"
    let imports = ["<first><second><third/></second></first>", "<first><second/></first>", ""]
    for round in 0..<2 {
      for imported in imports {
        let layout = try fixture.layout("<prompt schema=\"chain\">\(imported) \(text)</prompt>", of: schema.schema)
        let prompt = try fixture.session.prepare(layout, of: schema.schema, element: .f16)
        let plain = try await fixture.answer(prompt)
        let answer = try await expectSameAnswer(prompt, Self.options(2), in: memory, fixture)
        let remembered = round == 0 ? 0 : layout.computed.count - 1
        #expect(answer.usage.cachedTokens == plain.usage.cachedTokens + remembered)
        #expect(answer.usage.exactTokens == plain.usage.exactTokens + remembered)
      }
    }
    #expect(memory.usage.conversations == imports.count)
    // In another format the states in the store are others.
    _ = try fixture.session.warm(schema.schema, as: .q8)
    let layout = try fixture.layout("<prompt schema=\"chain\">\(imports[0]) \(text)</prompt>", of: schema.schema)
    let prompt = try fixture.session.prepare(layout, of: schema.schema, element: .q8)
    let answer = try await expectSameAnswer(prompt, Self.options(2), in: memory, fixture)
    #expect(answer.usage.cachedTokens == layout.cachedTokenCount)
  }

  @Test func whatStandsOnOtherThanPlainStatesIsNotExact() async throws {
    let fixture = try Fixture()
    let schema = try fixture.session.warm(
      fixture.schema(chain.replacing("<schema name", with: "<schema attention=\"isolated\" name")), as: .f32)
    let memory = ConversationMemory(byteLimit: 1 << 30)
    let layout = try fixture.layout(chainPrompt("What does the Dripin cost, and what the Worbi?"), of: schema.schema)
    for share in [0.0, 0.4, 1.0] {
      let prompt = try fixture.session.prepare(layout, of: schema.schema, element: .f32, repair: share)
      let first = try await expectSameAnswer(prompt, Self.options(3), in: memory, fixture)
      let second = try await expectSameAnswer(prompt, Self.options(3), in: memory, fixture)
      #expect(second.usage.cachedTokens == layout.present.count - 1)
      #expect(second.usage.cachedTokens > first.usage.cachedTokens)
      #expect(second.usage.exactTokens == (share < 1 ? first.usage.exactTokens : layout.present.count - 1))
    }
  }

  @Test func theLeastRecentlyUsedGoFirst() async throws {
    let fixture = try Fixture()
    func answer(_ way: Int, _ memory: ConversationMemory, tokens: Int = 300) async throws -> Int {
      let prompt = try ReadyPrompt(tokens: Self.tokens(0..<tokens, way: way), for: fixture.model)
      return try await expectSameAnswer(prompt, Self.options(1, tokens: 1), in: memory, fixture).usage.cachedTokens
    }
    let measure = ConversationMemory(byteLimit: 1 << 30)
    _ = try await answer(0, measure)
    // An answer's last event comes before its states are kept; what the scheduler is asked next comes behind that.
    try await expectIdle(fixture.session.scheduler)
    let one = measure.usage.byteCount
    #expect(one > 300 * 5 * 2 * 2 * 64 * 4)

    let memory = ConversationMemory(byteLimit: 3 * one + one / 2)
    for way in [0, 1, 2, 0, 3] { _ = try await answer(way, memory) }
    try await expectIdle(fixture.session.scheduler)
    #expect(memory.usage.byteCount <= memory.byteLimit)
    // Of the one that goes the end goes first, and no more than has to.
    #expect(try await answer(0, memory) == 299)
    #expect(try await answer(3, memory) == 299)
    #expect(try await answer(2, memory) == 299)
    let left = try await answer(1, memory)
    #expect(left < 299 && left.isMultiple(of: 128))
    // One that does not fit leaves its beginning; a memory without room takes none.
    let small = ConversationMemory(byteLimit: one)
    #expect(try await answer(0, small, tokens: 900) == 0)
    #expect(try await answer(0, small, tokens: 900) == 256)
    try await expectIdle(fixture.session.scheduler)
    #expect(small.usage.byteCount <= one && small.usage.byteCount > 0)
    let none = ConversationMemory(byteLimit: 0)
    for _ in 0..<2 { #expect(try await answer(0, none) == 0) }
    #expect(none.usage == ConversationMemory(byteLimit: 1).usage)
    memory.removeAll()
    #expect(memory.usage.byteCount == 0 && memory.usage.tokens == 0)
    #expect(try await answer(0, memory) == 0)
  }

  @Test func memoriesAndModelsAreKeptApart() async throws {
    let fixture = try Fixture()
    let memory = ConversationMemory(byteLimit: 1 << 30)
    let prompt = try ReadyPrompt(tokens: Self.tokens(0..<200), for: fixture.model)
    for cached in [0, 199] {
      let answer = try await expectSameAnswer(prompt, Self.options(1), in: memory, fixture)
      #expect(answer.usage.cachedTokens == cached)
    }
    let other = ConversationMemory(byteLimit: 1 << 30)
    #expect(try await expectSameAnswer(prompt, Self.options(1), in: other, fixture).usage.cachedTokens == 0)
    let quantized = try Fixture(weights: .q8)
    #expect(try await expectSameAnswer(prompt, Self.options(1), in: memory, quantized).usage.cachedTokens == 0)
    // Nor is anything taken where it was not asked for.
    #expect(try await fixture.answer(prompt, Self.options(1)).usage.cachedTokens == 0)
  }

  /// While others are made and the memory is too small for all of them.
  @Test func concurrentConversationsChangeNoBit() async throws {
    let fixture = try Fixture(limits: AnswerLimits(running: 6))
    let prompts = try (0..<12).map { index in
      let tokens = Self.tokens(0..<60 * (index % 4)) + Self.tokens(0..<150 + 40 * index, way: index)
      return try ReadyPrompt(tokens: tokens, for: fixture.model)
    }
    var alone: [Completion] = []
    for (index, prompt) in prompts.enumerated() { alone.append(try await fixture.answer(prompt, Self.options(index))) }
    let expected = alone
    let memory = ConversationMemory(byteLimit: 8 << 20)
    let cached = try await withThrowingTaskGroup(of: Int.self) { group in
      for task in 0..<8 {
        group.addTask {
          var cached = 0
          for turn in 0..<12 {
            let index = (turn * (task + 1) + task) % prompts.count
            // Some leave half-way.
            if turn % 5 == task % 5 {
              let leaving = try await fixture.session.scheduler.submit(
                prompts[index].remembered(in: memory), options: Self.options(index))
              if task % 2 == 0 { _ = try await leaving.next() }
              leaving.cancel()
            }
            let found = try await fixture.answer(prompts[index].remembered(in: memory), Self.options(index))
            expectSame(found, expected[index])
            cached += found.usage.cachedTokens
          }
          return cached
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(cached > 0)
    #expect(memory.usage.byteCount <= memory.byteLimit)
    try await expectIdle(try fixture.session.scheduler)
  }

  @Test func whatWasComputedOfAPromptThatIsGivenUpStays() async throws {
    let fixture = try Fixture(limits: AnswerLimits(promptTokensPerPass: 64))
    let memory = ConversationMemory(byteLimit: 1 << 30)
    let prompt = try ReadyPrompt(tokens: Self.tokens(0..<4000), for: fixture.model)
    let leaving = try await fixture.session.scheduler.submit(prompt.remembered(in: memory))
    try await Task.sleep(for: .milliseconds(100))
    leaving.cancel()
    try await expectIdle(try fixture.session.scheduler)
    let kept = memory.usage.tokens
    let answer = try await expectSameAnswer(prompt, Self.options(1), in: memory, fixture)
    #expect(answer.usage.cachedTokens == min(kept, 3999))
  }
}
