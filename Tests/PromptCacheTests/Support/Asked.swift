import PromptCache
import Synchronization
import Testing

/// Some prompts, each with options of its own, and the answers that they get.
struct Asked: Sendable {
  let session: CacheSession
  let layouts: [PromptLayout]
  let prompts: [ReadyPrompt]

  private static let questions = [
    "Question: How much does the Dripin cost?\nAnswer:", "Question: Who leads Bonkru Labs?\nAnswer:",
    "Question: Where is the head office of Bonkru Labs?\nAnswer:", "Question: What is the price of the Worbi?\nAnswer:",
    "A",
  ]

  init(_ fixture: Fixture) throws {
    session = fixture.session
    let schema = try fixture.schema(chain)
    try fixture.warm(schema, as: .f16)
    layouts = try Self.questions.map { try fixture.layout(chainPrompt($0), of: schema) }
    prompts = try layouts.enumerated().map { index, layout in
      index == 3 ? ReadyPrompt(uncached: layout) : try fixture.session.prepare(layout, of: schema, element: .f16)
    }
  }

  /// Sampled at random, so that answers go on for a while, each in its own way.
  func options(_ index: Int) -> GenerationOptions {
    GenerationOptions(
      maximumTokens: 6 + 5 * index,
      sampling: SamplingOptions(
        temperature: Float(index) * 0.7, topK: index == 2 ? 40 : 0, topP: index == 3 ? 0.95 : 1,
        repetitionPenalty: index == 4 ? 1.3 : 1, seed: UInt64(index)),
      stops: index == 1 ? ["\n"] : [], logProbabilities: 4)
  }

  func generation(_ index: Int) throws -> Generation {
    try session.generate(from: prompts[index], options: options(index))
  }

  /// One after the other.
  func alone() async throws -> [Completion] {
    var completions: [Completion] = []
    for index in prompts.indices { completions.append(try await generation(index).completion()) }
    return completions
  }

  /// Each read by a task of its own, begun `delay` milliseconds after the one before.
  func together(_ indices: [Int], delay: Int = 0) async throws -> [(Int, Completion)] {
    try await withThrowingTaskGroup(of: (Int, Completion).self) { group in
      for (place, index) in indices.enumerated() {
        group.addTask {
          if delay > 0 { try await Task.sleep(for: .milliseconds(place * delay)) }
          return (index, try await generation(index).completion())
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }
}

/// So random that an answer goes on and on.
let wild = SamplingOptions(temperature: 30, seed: 11)

func chainPrompt(_ text: String) -> String {
  "<prompt schema=\"chain\"><first><second><third/></second></first> \(text)</prompt>"
}

func expectSame(_ one: Completion, _ other: Completion, location: SourceLocation = #_sourceLocation) {
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

/// Waits until a scheduler has nothing left to do, as it has within a step once nobody reads its answers.
func expectIdle(_ scheduler: AnswerScheduler, location: SourceLocation = #_sourceLocation) async throws {
  var load = await scheduler.load
  for _ in 0..<4000 where load.running + load.waiting > 0 {
    try await Task.sleep(for: .milliseconds(5))
    load = await scheduler.load
  }
  #expect(load == AnswerLoad(running: 0, waiting: 0, stateBytes: 0), sourceLocation: location)
}

/// Something that a task tells another one.
final class Flag: Sendable {
  private let value = Atomic(false)

  var isSet: Bool { value.load(ordering: .acquiring) }

  func set() { value.store(true, ordering: .releasing) }
}
