import Engine
import KVCacheFormat
import Testing

/// Passes that are cut into parts, or stand still while others are computed, give what one gives that is left alone.
@Suite struct PassTests {
  private let engine: InferenceEngine

  init() throws {
    let golden = try #require(GoldenCase.all.first { $0.name == "llama, plain" })
    engine = try golden.model().engine()
  }

  @Test func aCancelledPassChangesNothing() async throws {
    let sequence = SequenceState()
    _ = try engine.forward(tokens: [5, 6], positions: [0, 1], sequence: sequence, logits: .last)
    let engine = engine
    let many = (0..<1500).map { Int32(3 + $0 % 60) }
    let task = Task {
      unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
      return try engine.forward(
        tokens: many, positions: many.indices.map { Int32($0 + 2) }, sequence: sequence, logits: .last)
    }
    await #expect(throws: EngineError.cancelled) { try await task.value }
    let other = SequenceState()
    _ = try engine.forward(tokens: [5, 6], positions: [0, 1], sequence: other, logits: .last)
    let next = try [sequence, other].map {
      try engine.forward(tokens: [7], positions: [2], sequence: $0, logits: .last).row(0)
    }
    #expect(next[0] == next[1])
  }

  private func longInput(_ count: Int, of sequence: SequenceState, from start: Int = 0) -> InferenceEngine.Input {
    let range = start..<start + count
    return InferenceEngine.Input(
      sequence: sequence, tokens: range.map { Int32(3 + $0 * 7 % 60) }, positions: range.map { Int32($0) },
      logits: .last)
  }

  @Test func otherPassesMayComeBetweenTheLayersOfOne() throws {
    let (long, short) = (SequenceState(), SequenceState())
    let pass = try engine.begin([longInput(600, of: long)])
    #expect(throws: EngineError.sequenceInUse) { try engine.forward([longInput(1, of: long, from: 700)]) }
    var position = 0
    var found: [Logits]?
    while found == nil {
      found = try pass.advance { false }
      _ = try engine.forward([longInput(1, of: short, from: position)])
      position += 1
    }
    // Two passes, for 600 tokens, of some layers each.
    #expect(position == 2 * engine.kvShape.layers)
    let expected = try engine.forward([longInput(600, of: SequenceState())])
    #expect(found?[0].row(0) == expected[0].row(0))
    #expect(try pass.advance { true } == nil)
    // The other one is what it is alone.
    let alone = SequenceState()
    for position in 0..<position { _ = try engine.forward([longInput(1, of: alone, from: position)]) }
    let next = try [short, alone].map { try engine.forward([longInput(1, of: $0, from: position)])[0].row(0) }
    #expect(next[0] == next[1])
  }

  @Test func aPassThatIsGivenUpChangesNothing() throws {
    let sequence = SequenceState()
    _ = try engine.forward([longInput(70, of: sequence)])
    for layers in 0..<2 * engine.kvShape.layers {
      let pass = try engine.begin([longInput(600, of: sequence, from: 70)])
      var left = layers
      if layers > 0 {
        _ = try pass.advance {
          left -= 1
          return left > 0
        }
      }
    }
    let expected = SequenceState()
    _ = try engine.forward([longInput(70, of: expected)])
    let next = try [sequence, expected].map { try engine.forward([longInput(1, of: $0, from: 70)])[0].row(0) }
    #expect(next[0] == next[1])
  }

  @Test(arguments: [9, 65, 72, 73, 128, 200, 700])
  func partsOfAPromptChangeNoBit(count: Int) throws {
    let whole = try engine.forward([longInput(count, of: SequenceState())])[0].row(0)
    // Where parts begin and end is of no account.
    for parts in [[64], [128], [192], [1], [7, 1, 90], [63, 2]] where count < 200 || parts[0] > 2 {
      let sequence = SequenceState()
      var start = 0
      var found: [Float] = []
      var turn = 0
      while start < count {
        let some = min(parts[turn % parts.count], count - start)
        let input = longInput(some, of: sequence, from: start)
        found = try engine.forward([
          InferenceEngine.Input(
            sequence: sequence, tokens: input.tokens, positions: input.positions, logits: .last, isPartOfPrompt: true)
        ])[0].row(0)
        start += some
        turn += 1
      }
      #expect(found == whole)
    }
  }
}
