import Foundation
import PromptCache
import TestSupport
import Testing

/// What a scheduler takes on, what waits, and what is given back.
@Suite struct AnswerLimitTests {
  private func ready(_ fixture: Fixture) throws -> ReadyPrompt {
    let schema = try fixture.schema(chain)
    try fixture.warm(schema)
    return try fixture.session.prepare(try fixture.layout(chainPrompt("A"), of: schema), of: schema, element: .f32)
  }

  private func options(_ tokens: Int) -> GenerationOptions {
    GenerationOptions(maximumTokens: tokens, sampling: wild)
  }

  @Test func anAnswerThatIsNotReadOnStopsWithinAStep() async throws {
    let fixture = try Fixture()
    let prompt = try ready(fixture)
    let scheduler = try fixture.session.scheduler
    for tokens in [1, 5] {
      var count = 0
      for try await case .token in try fixture.session.generate(from: prompt, options: options(4000)) {
        count += 1
        if count == tokens { break }
      }
      try await expectIdle(scheduler)
    }
    // Let go of before it was read at all, and while nothing else makes the scheduler look.
    _ = try await scheduler.submit(prompt, options: options(4000))
    try await expectIdle(scheduler)
    // In a prompt.
    let schema = try fixture.session.warm(fixture.schema(chain), as: .f32)
    let long = try fixture.layout(chainPrompt(String(repeating: " word and word", count: 1400)), of: schema.schema)
    var answer: ScheduledAnswer? = try await scheduler.submit(ReadyPrompt(uncached: long))
    try await Task.sleep(for: .milliseconds(20))
    #expect(await scheduler.load.running == 1 && answer != nil)
    answer = nil
    try await expectIdle(scheduler)
  }

  @Test func anAnswerStandsStillWhileItsReaderIsFarBehind() async throws {
    let fixture = try Fixture(limits: AnswerLimits(unreadEvents: 4))
    let prompt = try ready(fixture)
    let expected = try await fixture.answer(prompt, options(60))
    let scheduler = try fixture.session.scheduler
    let slow = try await scheduler.submit(prompt, options: options(60))
    var tokens: [Int32] = []
    while let event = try await slow.next() {
      guard case .token(let token, _) = event else { continue }
      tokens.append(token)
      if tokens.count == 10 {
        try await Task.sleep(for: .milliseconds(300))
        // Left alone it would be through by now.
        #expect(await scheduler.load.running == 1)
      }
    }
    #expect(tokens == expected.tokens)
  }

  @Test func memoryIsWaitedForAndGivenBack() async throws {
    let fixture = try Fixture()
    let prompt = try ready(fixture)
    let budget = try fixture.session.scheduler.budget(for: prompt, options: options(30))
    #expect(budget.tokens == prompt.tokens.count + 30)
    #expect(budget.stateBytes >= budget.tokens * 5 * 2 * 2 * 64 * 4)
    let scheduler = try AnswerScheduler(
      model: fixture.model, engine: fixture.engine,
      limits: AnswerLimits(waiting: 2, stateBytes: 2 * budget.stateBytes))

    // Too large even alone.
    await #expect { _ = try await scheduler.submit(prompt, options: options(4000)) } throws: { error in
      guard case PromptCacheError.answerTooLarge(let tokens, _, _) = error else { return false }
      return tokens == prompt.tokens.count + 4000 && (error as? any CategorizedError)?.category == .resources
    }
    // Two fit, two wait, one more is refused.
    var answers: [ScheduledAnswer] = []
    for _ in 0..<4 { answers.append(try await scheduler.submit(prompt, options: options(30))) }
    var firsts: [GenerationEvent?] = []
    for answer in answers.prefix(2) { firsts.append(try await answer.next()) }
    #expect(firsts.allSatisfy { $0 != nil })
    answers[3].cancel()
    let expected = try await fixture.answer(prompt, options(30))
    var last: Completion?
    while let event = try await answers[2].next() {
      if case .finish(let completion) = event { last = completion }
    }
    #expect(last?.tokens == expected.tokens)
    answers = []
    try await expectIdle(scheduler)
  }

  @Test func moreThanMayWaitAreRefused() async throws {
    let fixture = try Fixture()
    let prompt = try ready(fixture)
    // The first one stands still, since nobody reads it.
    let scheduler = try AnswerScheduler(
      model: fixture.model, engine: fixture.engine,
      limits: AnswerLimits(running: 1, waiting: 2, unreadEvents: 1))
    let first = try await scheduler.submit(prompt, options: options(500))
    let second = try await scheduler.submit(prompt, options: options(5))
    let third = try await scheduler.submit(prompt, options: options(5))
    let load = await scheduler.load
    #expect(load.running + load.waiting == 3)
    await #expect { _ = try await scheduler.submit(prompt) } throws: { error in
      if case PromptCacheError.tooManyAnswers(waiting: 2) = error { true } else { false }
    }
    // One that gives up makes room.
    second.cancel()
    let fourth = try await scheduler.submit(prompt, options: options(5))
    first.cancel()
    var finished = 0
    for answer in [third, fourth] {
      while let event = try await answer.next() { if case .finish = event { finished += 1 } }
    }
    #expect(finished == 2)
    try await expectIdle(scheduler)
  }

  @Test func groupsTakeTurns() async throws {
    let fixture = try Fixture()
    let prompt = try ready(fixture)
    let scheduler = try AnswerScheduler(
      model: fixture.model, engine: fixture.engine, limits: AnswerLimits(running: 2, unreadEvents: 1))
    var busy: [ScheduledAnswer] = []
    for _ in 0..<4 { busy.append(try await scheduler.submit(prompt, options: options(500), group: "busy")) }
    let other = try await scheduler.submit(prompt, options: options(500), group: "other")
    #expect(await scheduler.load == AnswerLoad(running: 2, waiting: 3, stateBytes: 2 * other.budget.stateBytes))
    // The first of the busy group goes: its next would be third, but it is the other group's turn.
    busy[0].cancel()
    #expect(try await other.next() != nil)
    #expect(await scheduler.load.waiting == 2)
    busy = []
    other.cancel()
    try await expectIdle(scheduler)
  }

  @Test func aWaitingAnswerHoldsNoSpaceOfTheStore() async throws {
    // Without renewal each round takes space of its own. With it some may, where the machine is busy.
    let (with, without) = (try await growth(renewing: true), try await growth(renewing: false))
    #expect(without > 0 && with * 2 < without)
  }

  /// How much the store's file grows while an answer waits and others free what they replace.
  private func growth(renewing renews: Bool) async throws -> Int {
    let fixture = try Fixture()
    let prompt = try ready(fixture)
    var limits = AnswerLimits(running: 1, unreadEvents: 1)
    limits.renewalInterval = renews ? .milliseconds(2) : .seconds(3600)
    let scheduler = try AnswerScheduler(model: fixture.model, engine: fixture.engine, limits: limits)
    // It stands still, and sees nothing of the store.
    let first = try await scheduler.submit(
      ReadyPrompt(uncached: fixture.layout(chainPrompt("A"), of: fixture.schema(chain))), options: options(500))
    let waiting = try await scheduler.submit(prompt, options: options(5))
    let file = fixture.folder.path("store/data.mdb")
    func size() throws -> Int { try #require(FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) }
    var sizes: [Int] = []
    for round in 0..<14 {
      let text = String(repeating: " number \(round)", count: 80)
      let schema = try fixture.schema(#"<schema name="other"><module name="m">\#(text)</module></schema>"#)
      try fixture.warm(schema)
      _ = try fixture.store.collectGarbage(GarbagePolicy(keep: 1))
      try await Task.sleep(for: .milliseconds(30))
      sizes.append(try size())
    }
    #expect(await scheduler.load.waiting == 1)
    first.cancel()
    var isFinished = false
    while let event = try await waiting.next() { if case .finish = event { isFinished = true } }
    #expect(isFinished)
    return sizes[13] - sizes[5]
  }
}
