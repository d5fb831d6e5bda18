@testable import PromptCache
import Testing

/// What new text attends to, measured between the steps of answers.
@Suite struct ScheduledMeasuringTests {
  /// Tokens of several passes, behind a few that they attend to.
  private func input(_ count: Int, on engine: InferenceEngine) throws -> InferenceEngine.Input {
    let cached: [Int32] = (0..<40).map { 300 + $0 * 7 % 90 }
    let states = try engine.encode(tokens: cached, positions: cached.indices.map { Int32($0) }, context: [])
    let segment = AttendedSegment(try states.segment(element: .f32), place: 0)
    return InferenceEngine.Input(
      sequence: SequenceState(attending: [segment]), tokens: (0..<count).map { Int32(300 + $0 % 90) },
      positions: (0..<count).map { Int32(40 + $0) }, logits: .none)
  }

  private func numbers(_ mass: AttentionMass) -> [Float] {
    mass.layers.flatMap { layer in
      (0..<mass.heads).flatMap { head in
        let tokens = mass.tokens(rows: 0, layer: layer, head: head, segment: 0)
        return tokens.indices.map { tokens[$0] }
      }
    }
  }

  /// An answer that goes on and on.
  private func talk(_ fixture: Fixture, on scheduler: AnswerScheduler? = nil) async throws -> ScheduledAnswer {
    let schema = try fixture.session.warm(fixture.schema(chain), as: .f32)
    let prompt = try fixture.session.prepare(
      fixture.layout(chainPrompt("A"), of: schema.schema), of: schema.schema, element: .f32)
    var options = GenerationOptions(maximumTokens: 7000, sampling: wild)
    options.ignoresEndTokens = true
    return try await (scheduler ?? fixture.session.scheduler).submit(prompt, options: options)
  }

  private func readToken(of answer: ScheduledAnswer) async throws {
    while let event = try await answer.next() { if case .token = event { return } }
    Issue.record("the answer is over")
  }

  /// It finds what it finds alone, and lets an answer's tokens, and other answers from first to last, by meanwhile.
  @Test func answersGoOnMeanwhile() async throws {
    // It makes few tokens ahead of its reader, so that those read were made meanwhile.
    let fixture = try Fixture(limits: AnswerLimits(unreadEvents: 2))
    let asked = try Asked(fixture)
    let alone = try await asked.alone()
    let scheduler = try fixture.session.scheduler
    let input = try input(6000, on: fixture.engine)
    let expected = try fixture.engine.measure(input, layers: [1, 2], rows: [5000..<6000])
    let talking = try await talk(fixture)
    for _ in 0..<20 { try await readToken(of: talking) }
    // Which ends first is up to the machine, too, so it has some attempts; one that stops all others fails them all.
    var isSeen = false
    for _ in 0..<20 where !isSeen {
      let isDone = Flag()
      let measuring = Task {
        defer { isDone.set() }
        return try await scheduler.measure(input, layers: [1, 2], rows: [5000..<6000], priority: .answer)
      }
      let others = Task {
        let found = try await asked.together([0, 3, 4])
        return (found, wasBefore: !isDone.isSet)
      }
      var tokens = 0
      while !isDone.isSet {
        try await readToken(of: talking)
        tokens += 1
      }
      let found = try await others.value
      isSeen = tokens >= 10 && found.wasBefore
      for (index, completion) in found.0 { expectSame(completion, alone[index]) }
      #expect(try await numbers(measuring.value) == numbers(expected))
    }
    talking.cancel()
    #expect(isSeen)
    try await expectIdle(scheduler)
  }

  /// One that nobody waits for any more goes, and leaves its sequence as it was; what comes behind it is measured.
  @Test(arguments: [EncodingPriority.answer, .background])
  func whoGivesUpIsForgotten(priority: EncodingPriority) async throws {
    let fixture = try Fixture()
    let scheduler = try fixture.session.scheduler
    let input = try input(7000, on: fixture.engine)
    // What nobody waits for stands still meanwhile, so that it cannot be done.
    let talking = try await talk(fixture)
    let measuring = Task {
      try await scheduler.measure(input, layers: [4], rows: [0..<1], priority: priority)
    }
    try await readToken(of: talking)
    measuring.cancel()
    await #expect { _ = try await measuring.value } throws: { error in
      if case PromptCacheError.cancelled = error { true } else { false }
    }
    talking.cancel()
    try await expectIdle(scheduler)
    // Another may have the sequence, which is as it was.
    let mass = try await scheduler.measure(input, layers: [0], rows: [0..<1], priority: priority)
    #expect(numbers(mass).contains { $0 > 0 })
    await #expect {
      let wrong = InferenceEngine.Input(
        sequence: SequenceState(attending: []), tokens: [1_000_000], positions: [0], logits: .none)
      _ = try await scheduler.measure(wrong, layers: [0], rows: [0..<1], priority: priority)
    } throws: { error in
      if case PromptCacheError.engine(.tokenOutOfRange) = error { true } else { false }
    }
  }

  /// Its states are within what answers may take: it waits for room, and answers that come later wait behind it.
  @Test func itsStatesCountAsAnAnswersDo() async throws {
    let fixture = try Fixture()
    let prompt = ReadyPrompt(uncached: try fixture.layout(chainPrompt("A"), of: fixture.schema(chain)))
    let options = GenerationOptions(maximumTokens: 500, sampling: wild)
    let input = try input(1000, on: fixture.engine)
    let bytes = try fixture.engine.byteCount(ofNewTokens: 1000)
    let budget = try fixture.session.scheduler.budget(for: prompt, options: options)
    let limits = AnswerLimits(stateBytes: bytes + budget.stateBytes - 1, unreadEvents: 1)
    let scheduler = try AnswerScheduler(model: fixture.model, engine: fixture.engine, limits: limits)
    // It stands still, since nobody reads it.
    let first = try await scheduler.submit(prompt, options: options)
    let isDone = Flag()
    let measuring = Task {
      defer { isDone.set() }
      return try await scheduler.measure(input, layers: [0], rows: [0..<1], priority: .answer)
    }
    while await scheduler.claimedStateBytes == 0 { await Task.yield() }
    #expect(await scheduler.requestedStateBytes == 0)
    // Alone with the first it would fit.
    let second = try await scheduler.submit(prompt, options: GenerationOptions(maximumTokens: 1))
    #expect(await scheduler.load.waiting == 1 && !isDone.isSet)
    first.cancel()
    #expect(try await measuring.value.layers == [0])
    var isFinished = false
    while let event = try await second.next() { if case .finish = event { isFinished = true } }
    #expect(isFinished)
    #expect(await scheduler.claimedStateBytes == 0)
    // Too large even alone.
    let large = try self.input(7000, on: fixture.engine)
    await #expect { _ = try await scheduler.measure(large, layers: [0], rows: [0..<1], priority: .answer) } throws: {
      if case PromptCacheError.answerTooLarge(tokens: 7000, _, _) = $0 { true } else { false }
    }
  }
}

extension AnswerScheduler {
  fileprivate var requestedStateBytes: Int { requested.stateBytes }
  fileprivate var claimedStateBytes: Int { requested.claimedStateBytes }
}
