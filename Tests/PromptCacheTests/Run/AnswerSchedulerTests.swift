import PromptCache
import TestSupport
import Testing

/// Answers made together are the answers made alone.
@Suite struct AnswerSchedulerTests {
  @Test(arguments: WeightFormat.allCases)
  func answersAreTheSameBitsWhateverStandsBesideThem(weights: WeightFormat) async throws {
    let asked = try Asked(try Fixture(weights: weights))
    let alone = try await asked.alone()
    #expect(Set(alone.map(\.tokens)).count == alone.count)
    // All at once, and each a little after the one before; thrice, so that many are under way.
    for delay in [0, 3] {
      let found = try await asked.together(
        Array(repeating: asked.prompts.indices, count: 3).flatMap { $0 }, delay: delay)
      for (index, completion) in found { expectSame(completion, alone[index]) }
      #expect(found.count == 3 * alone.count)
    }
  }

  @Test func generationsThatAreReadAtOnceAreMadeTogether() async throws {
    let alone = try await Asked(try Fixture()).alone()
    // Each stands still until it is read on.
    let asked = try Asked(try Fixture(limits: AnswerLimits(unreadEvents: 1)))
    let scheduler = try asked.session.scheduler
    var iterators = try asked.prompts.indices.prefix(4).map { try asked.generation($0).makeAsyncIterator() }
    for index in iterators.indices { _ = try await iterators[index].next() }
    #expect(await scheduler.load.running == 4)
    for (index, completion) in try await asked.together([0, 1, 2, 3]) { expectSame(completion, alone[index]) }
    iterators = []
    try await expectIdle(scheduler)
  }

  @Test func cancellingOneLeavesTheOthersAsTheyAre() async throws {
    let asked = try Asked(try Fixture())
    let alone = try await asked.alone()
    for tokens in [1, 2, 4] {
      async let others = asked.together([4, 2, 4, 2])
      let leaving = try await asked.session.scheduler.submit(asked.prompts[3], options: asked.options(4))
      for _ in 0..<tokens { _ = try await leaving.next() }
      leaving.cancel()
      await #expect { try await leaving.next() } throws: { error in
        if case PromptCacheError.cancelled = error { true } else { false }
      }
      for (index, completion) in try await others { expectSame(completion, alone[index]) }
    }
    try await expectIdle(asked.session.scheduler)
  }

  /// States that are no numbers, at positions that a prompt sees, or that its answer comes to see.
  @Test(arguments: [0, 1, 3])
  func scoresThatAreNoNumbersEndOneAnswerAlone(distance: Int) async throws {
    let asked = try Asked(try Fixture())
    let alone = try await asked.alone()
    let layout = asked.layouts[3]
    let shape = asked.session.model.configuration.kvShape
    let blob = KVBlobLayout(element: .f32, shape: shape, tokens: 1)
    let memory = try KVMemory(byteCount: blob.byteCount) { bytes in
      for offset in 0..<blob.byteCount { bytes.storeBytes(of: 0xFF, toByteOffset: offset, as: UInt8.self) }
    }
    let poison = AttendedSegment(
      try KVSegment(layers: Array(repeating: memory, count: shape.layers), layout: KVSegmentLayout(blob)),
      place: distance == 0 ? 0 : layout.nextPosition + distance - 1)
    let poisoned = ReadyPrompt(
      layout, attended: [poison], tokens: layout.computed.map(\.token),
      positions: layout.computed.map { Int32($0.position) }, exactTokens: 0, snapshot: nil)
    for _ in 0..<2 {
      async let others = asked.together([4, 0, 2, 3])
      var tokens = 0
      do {
        for try await event in try asked.session.generate(from: poisoned, options: asked.options(4)) {
          if case .token = event { tokens += 1 }
        }
        Issue.record("an answer without numbers")
      } catch PromptCacheError.engine(.scoresNotFinite) {
        #expect(tokens == distance)
      }
      for (index, completion) in try await others { expectSame(completion, alone[index]) }
    }
    try await expectIdle(asked.session.scheduler)
  }

  @Test func partsOfAPromptChangeNoBit() async throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(chain)
    try fixture.warm(schema)
    // Longer than what attention shares out among tasks, and with ends of many kinds.
    for words in [1120, 33, 60] {
      let layout = try fixture.layout(
        chainPrompt(String(repeating: " word and", count: words)), of: schema)
      let prompts = [
        ReadyPrompt(uncached: layout), try fixture.session.prepare(layout, of: schema, element: .f32),
      ]
      for prompt in prompts {
        var found: [Completion] = []
        for (size, isAlone) in [(512, true), (64, true), (192, false)] {
          let scheduler = try AnswerScheduler(
            model: fixture.model, engine: fixture.engine, limits: AnswerLimits(promptTokensPerPass: size))
          let talking = Generation(
            to: prompts[1], on: scheduler, options: GenerationOptions(maximumTokens: 100, sampling: wild))
          let company = Task { isAlone ? nil : try await talking.completion() }
          found.append(
            try await Generation(
              to: prompt, on: scheduler, options: GenerationOptions(maximumTokens: 3, logProbabilities: 8)
            ).completion())
          company.cancel()
        }
        for other in found.dropFirst() { expectSame(other, found[0]) }
      }
    }
  }

  @Test func aLongPromptDoesNotStopTheAnswersOfOthers() async throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(chain)
    try fixture.warm(schema)
    let long = try fixture.layout(chainPrompt(String(repeating: " word and word", count: 1400)), of: schema)
    #expect(long.computed.count > 4000)
    let short = try fixture.layout(chainPrompt("A"), of: schema)
    let talking = try fixture.session.generate(
      from: try fixture.session.prepare(short, of: schema, element: .f32),
      options: GenerationOptions(maximumTokens: 2000, sampling: wild))
    let coming = try fixture.session.generate(
      from: try fixture.session.prepare(long, of: schema, element: .f32), options: GenerationOptions(maximumTokens: 1))

    var iterator = talking.makeAsyncIterator()
    var isOver = false
    func readToken() async throws {
      while let event = try await iterator.next() { if case .token = event { return } }
      isOver = true
    }
    for _ in 0..<40 { try await readToken() }
    let isDone = Flag()
    let prompt = Task {
      _ = try await coming.completion()
      isDone.set()
    }
    var tokens = 0
    while !isDone.isSet, !isOver {
      try await readToken()
      tokens += 1
    }
    _ = try await prompt.value
    // In one piece the prompt would let a token or two by. How long the gaps are is what answers-bench measures.
    #expect(tokens >= 20)
  }

  @Test func aShortPromptNeedNotWaitForALongOne() async throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(chain)
    let (long, short) = try (
      ReadyPrompt(uncached: fixture.layout(chainPrompt(String(repeating: " word and word", count: 1400)), of: schema)),
      ReadyPrompt(uncached: fixture.layout(chainPrompt("A"), of: schema))
    )
    let scheduler = try fixture.session.scheduler
    let answers = [
      try await scheduler.submit(long, options: GenerationOptions(maximumTokens: 1)),
      try await scheduler.submit(short, options: GenerationOptions(maximumTokens: 1)),
    ]
    var times: [Double] = []
    for answer in answers {
      while let event = try await answer.next() {
        if case .finish(let completion) = event { times.append(completion.timings.timeToFirstToken) }
      }
    }
    #expect(times.count == 2 && times[1] < times[0])
  }

  @Test func aWrongRequestIsRefusedAtTheDoor() async throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(chain)
    try fixture.warm(schema)
    let prompt = try fixture.session.prepare(
      try fixture.layout(chainPrompt, of: schema), of: schema, element: .f32)
    // Its states are of another shape than this engine's model has.
    let folder = try TemporaryFolder()
    let config = try TemporaryFolder.demoText("config.json")
    let smaller = config.replacing("\"num_hidden_layers\": 5", with: "\"num_hidden_layers\": 3")
    #expect(smaller != config)
    let other = try LoadedModel(at: FilePath(folder.modelCopy(changing: ["config.json": smaller]))).engine()
    let scheduler = try AnswerScheduler(model: fixture.model, engine: other)
    await #expect { _ = try await scheduler.submit(prompt) } throws: { error in
      if case PromptCacheError.engine(.wrongSegmentShape) = error { true } else { false }
    }
    try await expectIdle(scheduler)
  }
}
