import Engine
import KVCacheFormat
import Testing

/// What several answers attend to is read once for all of them; each has the bits that it has alone.
@Suite struct SharedAttentionTests {
  private static let names = [
    "llama, plain", "mistral, window", "falcon, multi-query, ALiBi", "mpt, six heads", "gemma2, plain", "gemma3, plain",
    "qwen3, window in upper layers",
  ]
  private static let lengths = [40, 270, 17, 60, 64, 9]

  private func positions(_ range: Range<Int>) -> [Int32] { range.map { Int32($0) } }
  private func tokens(_ count: Int, seed: Int) -> [Int32] { (0..<count).map { Int32(3 + ($0 * 13 + seed * 7) % 50) } }

  /// What one answer attends to: segments by index, in its order, and how it has them.
  private struct Prompt {
    var order = [0, 1, 2, 3, 4, 5]
    /// Positions before the first one, and between them.
    var start = 0
    var gap = 0
    /// Tokens that it does not have of each at its end.
    var less = 0
    var omitting: [Range<Int>] = []
    /// Tokens of each of its steps.
    var steps = [1, 1, 1]
  }

  private static let prompts: [Prompt] =
    Array(repeating: Prompt(), count: 5) + [
      // The same at other places, in other combinations, some of them twice.
      Prompt(start: 7), Prompt(gap: 3), Prompt(order: [5, 1, 3, 0]),
      Prompt(order: [1, 0, 2, 5, 4, 3], start: 2, steps: [3, 1, 8]),
      Prompt(order: [3]), Prompt(order: [3, 2, 3]), Prompt(order: []), Prompt(order: [0, 1, 2, 4], steps: [8, 8, 8]),
      // Parts of them.
      Prompt(less: 4), Prompt(omitting: [2..<30]), Prompt(order: [1, 0], omitting: [2..<30], steps: [1, 5, 1]),
      Prompt(omitting: [2..<31]), Prompt(order: [4, 3, 2, 1, 0], start: 1, gap: 1),
    ]

  @Test(arguments: names, KVElement.allCases)
  func anAnswerIsTheSameBitsWhateverStandsBesideIt(name: String, element: KVElement) throws {
    let engine = try #require(GoldenCase.all.first { $0.name == name }).model().engine()
    let segments = try Self.lengths.enumerated().map { index, count in
      try engine.encode(tokens: tokens(count, seed: index), positions: positions(0..<count), context: [])
        .segment(element: element)
    }
    /// A sequence, and the position of its first own token.
    func begin(_ prompt: Prompt) -> (sequence: SequenceState, next: Int) {
      var place = prompt.start
      let attended = prompt.order.map { index in
        let count = segments[index].layout.tokens - prompt.less
        defer { place += count + prompt.gap }
        return AttendedSegment(
          segments[index], place: place, encodedAt: 0, count: count,
          omitting: segments[index].layout.isWhole ? prompt.omitting : [])
      }
      return (SequenceState(attending: attended), place)
    }
    func step(_ number: Int, _ answers: [Int], _ begun: [(sequence: SequenceState, next: Int)]) throws -> [[[Float]]] {
      let inputs = answers.map { index in
        let prompt = Self.prompts[index]
        let first = begun[index].next + prompt.steps[..<number].reduce(0, +)
        let count = prompt.steps[number]
        return InferenceEngine.Input(
          sequence: begun[index].sequence, tokens: tokens(count, seed: index + number),
          positions: positions(first..<first + count), logits: index % 2 == 0 ? .last : .all)
      }
      return try engine.forward(inputs).map { logits in (0..<logits.rows).map { logits.row($0) } }
    }
    let all = Array(Self.prompts.indices)
    let together = Self.prompts.map(begin)
    let backwards = Self.prompts.map(begin)
    let alone = Self.prompts.map(begin)
    for number in 0..<3 {
      let found = try step(number, all, together)
      let turned = try step(number, all.reversed(), backwards)
      for index in all {
        let expected = try step(number, [index], alone)[0]
        #expect(found[index] == expected, "answer \(index), step \(number)")
        #expect(turned[all.count - 1 - index] == expected, "answer \(index), step \(number), backwards")
      }
    }
  }

  /// Answers that go on from one beginning share its pages.
  @Test func answersOfOneBeginningAreTheSameBits() throws {
    let engine = try #require(GoldenCase.all.first { $0.name == "llama, plain" }).model().engine()
    let first = SequenceState()
    _ = try engine.forward(tokens: tokens(300, seed: 1), positions: positions(0..<300), sequence: first, logits: .last)
    let beginning = try first.beginning(290)
    func answers() throws -> [SequenceState] {
      try (0..<9).map { index in
        try SequenceState(attending: [], isExtended: false, beginningWith: beginning, count: index == 4 ? 128 : 290)
      }
    }
    let (together, alone) = (try answers(), try answers())
    for number in 0..<3 {
      func input(_ sequence: SequenceState, _ index: Int) -> InferenceEngine.Input {
        InferenceEngine.Input(
          sequence: sequence, tokens: [Int32(3 + index)], positions: [Int32((index == 4 ? 128 : 290) + number)],
          logits: .last)
      }
      let found = try engine.forward(together.enumerated().map { input($1, $0) })
      for (index, sequence) in alone.enumerated() {
        #expect(try found[index].row(0) == engine.forward([input(sequence, index)])[0].row(0))
      }
    }
  }
}
