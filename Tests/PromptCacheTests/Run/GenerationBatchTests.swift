import PromptCache
import TestSupport
import Testing

/// Answers made together are the answers made alone.
@Suite struct GenerationBatchTests {
  private static let questions = [
    "Question: How much does the Dripin cost?\nAnswer:", "Question: Who leads Bonkru Labs?\nAnswer:",
    "Question: Where is the head office of Bonkru Labs?\nAnswer:", "Question: What is the price of the Worbi?\nAnswer:",
    "A",
  ]

  private func prompt(_ text: String) -> String {
    "<prompt schema=\"chain\"><first><second><third/></second></first> \(text)</prompt>"
  }

  /// Sampled at random, so that answers go on for a while, each in its own way.
  private func options(_ index: Int) -> GenerationOptions {
    GenerationOptions(
      maximumTokens: 6 + 5 * index,
      sampling: SamplingOptions(
        temperature: Float(index) * 0.7, topK: index == 2 ? 40 : 0, topP: index == 3 ? 0.95 : 1,
        repetitionPenalty: index == 4 ? 1.3 : 1, seed: UInt64(index)),
      stops: index == 1 ? ["\n"] : [], logProbabilities: 4)
  }

  private func requests(_ fixture: Fixture) throws -> [ReadyPrompt] {
    let schema = try fixture.schema(chain)
    try fixture.warm(schema, as: .f16)
    return try Self.questions.enumerated().map { index, question in
      let layout = try fixture.layout(prompt(question), of: schema)
      return index == 3
        ? ReadyPrompt(uncached: layout) : try fixture.session.prepare(layout, of: schema, element: .f16)
    }
  }

  private func expectSame(_ one: Completion, _ other: Completion, location: SourceLocation = #_sourceLocation) {
    #expect(one.tokens == other.tokens, sourceLocation: location)
    #expect(one.text == other.text, sourceLocation: location)
    #expect(one.finishReason == other.finishReason, sourceLocation: location)
    let bits = [one, other].map { completion in
      completion.logProbabilities?.map { position in
        [position.logProbability.bitPattern] + position.top.map(\.logProbability.bitPattern)
      }
    }
    #expect(bits[0] != nil && bits[0] == bits[1], sourceLocation: location)
  }

  @Test(arguments: WeightFormat.allCases)
  func answersAreTheSameBitsWhateverStandsBesideThem(weights: WeightFormat) throws {
    let fixture = try Fixture(weights: weights)
    let prompts = try requests(fixture)
    let alone = try prompts.indices.map { try fixture.answer(prompts[$0], options($0)) }
    #expect(Set(alone.map(\.tokens)).count == alone.count)
    // Joining all at once, and one after the other while the others are on their way; thrice, so that many decode.
    for distance in [0, 1, 3] {
      var batch = GenerationBatch(model: fixture.model, engine: try fixture.engine)
      var requestOf: [GenerationBatch.ID: Int] = [:]
      var found: [Int] = []
      var waiting = (0..<3 * prompts.count)[...]
      var steps = 0
      while !batch.isEmpty || !waiting.isEmpty {
        while let next = waiting.first, next * distance <= steps {
          let index = next % prompts.count
          requestOf[try batch.add(prompts[index], options: options(index))] = index
          waiting = waiting.dropFirst()
        }
        for case (let id, .finish(let completion)) in try batch.step() {
          let index = try #require(requestOf[id])
          expectSame(completion, alone[index])
          found.append(index)
        }
        steps += 1
      }
      #expect(found.sorted() == (0..<3 * prompts.count).map { $0 / 3 })
    }
  }

  @Test func whatIsRemovedLeavesTheOthersAlone() throws {
    let fixture = try Fixture()
    let prompts = try requests(fixture)
    let alone = try fixture.answer(prompts[4], options(4))
    var batch = GenerationBatch(model: fixture.model, engine: try fixture.engine)
    let leaving = try batch.add(prompts[3], options: options(3))
    let staying = try batch.add(prompts[4], options: options(4))
    _ = try batch.step()
    _ = try batch.step()
    batch.remove(leaving)
    #expect(batch.ids == [staying])
    var completions: [Completion] = []
    while !batch.isEmpty {
      for (id, event) in try batch.step() {
        #expect(id == staying)
        if case .finish(let completion) = event { completions.append(completion) }
      }
    }
    expectSame(try #require(completions.first), alone)
    #expect(try batch.step().isEmpty)
  }

  @Test func aLongPromptDoesNotStopTheAnswersOfOthers() throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(chain)
    try fixture.warm(schema, as: .f32)
    let long = try fixture.layout(prompt(String(repeating: " word and word", count: 700)), of: schema)
    #expect(long.computed.count > 3 * InferenceEngine.tokensPerPass)
    let short = try fixture.layout(prompt("A"), of: schema)
    var batch = GenerationBatch(model: fixture.model, engine: try fixture.engine)
    let talking = try batch.add(
      try fixture.session.prepare(short, of: schema, element: .f32),
      options: GenerationOptions(maximumTokens: 40, sampling: SamplingOptions(temperature: 2, seed: 5)))
    _ = try batch.step()
    let coming = try batch.add(
      try fixture.session.prepare(long, of: schema, element: .f32), options: GenerationOptions(maximumTokens: 1))
    var steps = 0
    while batch.ids.contains(coming) {
      let events = try batch.step()
      #expect(events.contains { $0.id == talking })
      steps += 1
    }
    #expect(steps >= 4)
  }

  @Test func aWrongRequestIsRefusedAtTheDoor() throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(chain)
    try fixture.warm(schema, as: .f32)
    let prompt = try fixture.session.prepare(
      try fixture.layout(chainPrompt, of: schema), of: schema, element: .f32)
    // Its states are of another shape than this engine's model has.
    let folder = try TemporaryFolder()
    let config = try TemporaryFolder.demoText("config.json")
    let smaller = config.replacing("\"num_hidden_layers\": 5", with: "\"num_hidden_layers\": 3")
    #expect(smaller != config)
    let other = try LoadedModel(at: FilePath(folder.modelCopy(changing: ["config.json": smaller]))).engine()
    var batch = GenerationBatch(model: fixture.model, engine: other)
    do {
      try batch.add(prompt)
      Issue.record("states of another model were taken")
    } catch {
      guard case PromptCacheError.engine(.wrongSegmentShape) = error else { throw error }
    }
    #expect(batch.isEmpty)
  }
}
