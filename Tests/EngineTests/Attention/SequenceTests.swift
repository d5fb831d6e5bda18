import Engine
import KVCacheFormat
import Testing

/// Splitting work up, into segments, passes or batches, must not change what comes out.
@Suite struct SequenceTests {
  private let engine: InferenceEngine
  private let model: ModelDirectory
  private let tokens = (0..<40).map { Int32(3 + $0 * 7 % 50) }

  init() throws {
    let golden = try #require(GoldenCase.all.first { $0.name == "llama, plain" })
    model = try golden.model()
    engine = try model.engine()
  }

  private func positions(_ range: Range<Int>) -> [Int32] { range.map { Int32($0) } }

  private func whole(_ count: Int) throws -> Logits {
    try engine.forward(
      tokens: Array(tokens.prefix(count)), positions: positions(0..<count), sequence: SequenceState(), logits: .all)
  }

  private func expectClose(_ found: [Float], _ expected: [Float], within tolerance: Float = 1e-4) {
    let (found, expected) = (LogProbabilities(found.span), LogProbabilities(expected.span))
    for token in 0..<Int32(engine.configuration.vocabularySize) {
      #expect(abs(found[token] - expected[token]) < tolerance)
    }
  }

  @Test(arguments: [[40], [1, 39], [17, 16, 7], Array(repeating: 1, count: 40), [16, 16, 8]])
  func aSequenceMayComeInAnyParts(parts: [Int]) throws {
    let expected = try whole(40)
    let sequence = SequenceState()
    var start = 0
    for part in parts {
      let logits = try engine.forward(
        tokens: Array(tokens[start..<start + part]), positions: positions(start..<start + part), sequence: sequence,
        logits: .all)
      for row in 0..<part { expectClose(logits.row(row), expected.row(start + row)) }
      start += part
    }
  }

  @Test func cachedAndFreshTokensGiveWhatOnePassGives() throws {
    let expected = try whole(40)
    // Two segments, the second seeing the first, and the rest fresh.
    let first = try engine.encode(tokens: Array(tokens[0..<13]), positions: positions(0..<13), context: [])
    let firstSeen = AttendedSegment(try first.segment(element: .f32), place: 0)
    let second = try engine.encode(
      tokens: Array(tokens[13..<31]), positions: positions(13..<31), context: [firstSeen])
    let secondSeen = AttendedSegment(try second.segment(element: .f32), place: 13)
    let logits = try engine.forward(
      tokens: Array(tokens[31..<40]), positions: positions(31..<40),
      sequence: SequenceState(attending: [firstSeen, secondSeen]), logits: .all)
    for row in 0..<9 { expectClose(logits.row(row), expected.row(31 + row)) }
  }

  /// Whoever keeps scores may read them when others have been computed.
  @Test func scoresStayAsTheyAre() throws {
    var kept: [(logits: [Logits], rows: [[[Float]]])] = []
    let sequences = (0..<3).map { _ in SequenceState() }
    for step in 0..<4 {
      // Few rows, then as many or fewer, and once a prompt's.
      let inputs = sequences.prefix(step == 2 ? 2 : 3).enumerated().map { index, sequence in
        let count = step == 3 ? 12 : 1 + index
        let first = Int32(20 * step)
        return InferenceEngine.Input(
          sequence: sequence, tokens: Array(tokens[step..<step + count]),
          positions: (0..<Int32(count)).map { first + $0 }, logits: index == 1 ? .all : .last)
      }
      let logits = try engine.forward(inputs)
      kept.append((logits, logits.map { logits in (0..<logits.rows).map { logits.row($0) } }))
    }
    for (logits, rows) in kept {
      for (logits, rows) in zip(logits, rows) {
        #expect(logits.rows == rows.count)
        #expect((0..<logits.rows).map { logits.row($0) } == rows)
      }
    }
    #expect(kept[0].rows != kept[1].rows)
  }

  @Test func aPrefixOfASegmentCanBeUsed() throws {
    let expected = try whole(20)
    let states = try engine.encode(tokens: Array(tokens[0..<30]), positions: positions(0..<30), context: [])
    let seen = AttendedSegment(try states.segment(element: .f32), place: 0, count: 19)
    let logits = try engine.forward(
      tokens: [tokens[19]], positions: [19], sequence: SequenceState(attending: [seen]), logits: .last)
    expectClose(logits.row(0), expected.row(19))
  }

  @Test(arguments: [0..<5, 3..<20, 16..<32, 17..<40])
  func aRangeOfStatesIsASegment(range: Range<Int>) throws {
    let states = try engine.encode(tokens: tokens, positions: positions(0..<40), context: [])
    let alone = try states.segment(element: .f32, tokens: range)
    let whole = try states.segment(element: .f32)
    for element in KVElement.allCases {
      #expect(try states.segment(element: element, tokens: range).layout.tokens == range.count)
    }
    // Seen as three segments, the states are what they are as one.
    let parts = [
      AttendedSegment(try states.segment(element: .f32, tokens: 0..<range.lowerBound), place: 0),
      AttendedSegment(alone, place: range.lowerBound),
      AttendedSegment(try states.segment(element: .f32, tokens: range.upperBound..<40), place: range.upperBound),
    ]
    let found = try engine.forward(
      tokens: [9], positions: [41], sequence: SequenceState(attending: parts), logits: .last)
    let expected = try engine.forward(
      tokens: [9], positions: [41], sequence: SequenceState(attending: [AttendedSegment(whole, place: 0)]),
      logits: .last)
    expectClose(found.row(0), expected.row(0), within: 1e-5)
  }

  @Test func movingASegmentEqualsEncodingItThere() throws {
    func logits(encodedAt start: Int) throws -> [Float] {
      let states = try engine.encode(
        tokens: Array(tokens[0..<20]), positions: positions(start..<start + 20), context: [])
      let seen = AttendedSegment(try states.segment(element: .f32), place: 700, encodedAt: start)
      return try engine.forward(
        tokens: [5, 6], positions: [730, 731], sequence: SequenceState(attending: [seen]), logits: .last
      ).row(0)
    }
    let there = try logits(encodedAt: 700)
    expectClose(try logits(encodedAt: 0), there)
    expectClose(try logits(encodedAt: 1900), there)
  }

  @Test func aBatchGivesWhatEachSequenceGivesAlone() throws {
    let context = AttendedSegment(
      try engine.encode(tokens: Array(tokens[0..<16]), positions: positions(0..<16), context: []).segment(
        element: .f16),
      place: 0)
    func input(_ index: Int) -> InferenceEngine.Input {
      let count = [1, 5, 23][index]
      return InferenceEngine.Input(
        sequence: SequenceState(attending: index == 1 ? [] : [context]), tokens: Array(tokens[index..<index + count]),
        positions: positions(16 + index..<16 + index + count), logits: [.last, .all, .none][index])
    }
    let together = try engine.forward((0..<3).map(input))
    #expect(together.map(\.rows) == [1, 5, 0])
    for index in 0..<2 {
      let alone = try engine.forward([input(index)])[0]
      for row in 0..<alone.rows { #expect(together[index].row(row) == alone.row(row)) }
    }
  }

  @Test(arguments: WeightFormat.allCases)
  func aSequenceIsTheSameBitsWhateverStandsBesideIt(weights: WeightFormat) throws {
    let engine = try InferenceEngine(files: try model.folder(), threads: 2, weights: weights)
    let many = (0..<1030).map { Int32(3 + $0 * 13 % 60) }
    let context = AttendedSegment(
      try engine.encode(tokens: Array(many[0..<40]), positions: positions(0..<40), context: []).segment(element: .f16),
      place: 0)
    // Few and many tokens, cut into passes or not, with few, many or no rows asked for.
    let shapes: [(count: Int, logits: Logits.Selection)] = [
      (1, .last), (1, .last), (2, .all), (3, .last), (4, .all), (5, .none), (8, .last), (9, .last), (9, .all),
      (64, .last), (513, .last), (515, .all), (1, .last), (1030, .last), (7, .all), (12, .none), (20, .all),
    ]
    func input(_ index: Int) -> InferenceEngine.Input {
      let (count, logits) = shapes[index]
      return InferenceEngine.Input(
        sequence: SequenceState(attending: index % 2 == 0 ? [context] : []),
        tokens: Array(many[index..<min(index + count, 1030)]),
        positions: positions(40 + index..<40 + min(index + count, 1030)), logits: logits)
    }
    func rows(_ logits: Logits) -> [[Float]] { (0..<logits.rows).map { logits.row($0) } }
    let alone = try shapes.indices.map { rows(try engine.forward([input($0)])[0]) }
    #expect(alone.map(\.count) == [1, 1, 2, 1, 4, 0, 1, 1, 9, 1, 1, 515, 1, 1, 7, 0, 20])
    let inputs = shapes.indices.map(input)
    let together = try engine.forward(inputs).map(rows)
    for index in shapes.indices { #expect(together[index] == alone[index], "\(shapes[index])") }
    // The states that were left are the same too: so is the next token.
    let next = inputs.map {
      InferenceEngine.Input(sequence: $0.sequence, tokens: [9], positions: [2000], logits: .last)
    }
    let after = try engine.forward(next).map(rows)
    for index in shapes.indices {
      let begun = input(index)
      _ = try engine.forward([begun])
      let expected = try engine.forward(tokens: [9], positions: [2000], sequence: begun.sequence, logits: .last)
      #expect(after[index] == rows(expected), "\(shapes[index])")
    }
  }

  @Test func statesAreTheSameBitsWhateverTheyArePackedWith() throws {
    let long = (0..<700).map { Int32(3 + $0 * 13 % 60) }
    let context = AttendedSegment(
      try engine.encode(tokens: long, positions: positions(0..<700), context: []).segment(element: .f16), place: 0)
    let encodings = [1, 5, 530, 8, 9, 50, 400, 2, 64].map { count in
      InferenceEngine.Encoding(
        tokens: Array(long.prefix(count)), positions: positions(800..<800 + count),
        context: count % 2 == 0 ? [context] : [])
    }
    let together = try engine.encode(encodings).map(bytes)
    for (encoding, expected) in zip(encodings, together) {
      #expect(try bytes(engine.encode([encoding])[0]) == expected)
      #expect(try bytes(engine.encode([encodings[2], encoding, encodings[0]])[1]) == expected)
    }
  }

  @Test(arguments: [50, 64, 192, 512])
  func partsOfAnEncodingChangeNoBit(part: Int) throws {
    let long = (0..<1100).map { Int32(3 + $0 * 13 % 60) }
    let context = AttendedSegment(
      try engine.encode(tokens: long, positions: positions(0..<1100), context: []).segment(element: .f16), place: 0)
    for count in [1, 70, 200, 585, 1024, 1100] {
      let encoding = InferenceEngine.Encoding(
        tokens: Array(long.prefix(count)), positions: positions(1200..<1200 + count),
        context: count % 200 == 0 ? [] : [context])
      let whole = encoding.input
      var start = 0
      while start < count {
        let range = start..<min(start + part, count)
        let input = InferenceEngine.Input(
          sequence: whole.sequence, tokens: Array(whole.tokens[range]), positions: Array(whole.positions[range]),
          logits: .none, isEncoding: true)
        // In company of another one.
        let other = InferenceEngine.Encoding(tokens: [9], positions: [0], context: [])
        let pass = try engine.begin([other.input, input])
        #expect(try pass.advance { true } != nil)
        start = range.upperBound
      }
      #expect(try bytes(engine.states(of: whole.sequence)) == bytes(engine.encode([encoding])[0]))
    }
  }

  private func bytes(_ states: SegmentStates) throws -> [UInt8] {
    let layout = KVBlobLayout(element: .f32, shape: states.shape, tokens: states.tokens)
    return try (0..<states.shape.layers).flatMap { layer in
      var bytes = [UInt8](repeating: 0xAA, count: layout.byteCount)
      var numbers = bytes.mutableSpan
      var span = unsafe numbers.mutableBytes
      try states.write(layer: layer, layout: layout, into: &span)
      return bytes
    }
  }

  @Test func longInputsAreCutIntoPassesUnnoticed() throws {
    let many = (0..<1200).map { Int32(3 + $0 * 13 % 60) }
    let one = SequenceState()
    let logits = try engine.forward(tokens: many, positions: positions(0..<1200), sequence: one, logits: .last)
    let other = SequenceState()
    var last: Logits?
    for start in stride(from: 0, to: 1200, by: 100) {
      last = try engine.forward(
        tokens: Array(many[start..<start + 100]), positions: positions(start..<start + 100), sequence: other,
        logits: .last)
    }
    expectClose(logits.row(0), try #require(last).row(0))
  }

  @Test func equalInputGivesEqualBits() throws {
    func run(threads: Int) throws -> [[Float]] {
      let engine = try model.engine(threads: threads)
      var rows: [[Float]] = []
      for _ in 0..<2 {
        let sequence = SequenceState()
        let logits = try engine.forward(
          tokens: tokens, positions: positions(0..<40), sequence: sequence, logits: .all)
        rows.append(logits.row(39))
        rows.append(try engine.forward(tokens: [8], positions: [50], sequence: sequence, logits: .last).row(0))
        // Something else in between.
        _ = try engine.forward(tokens: [3, 4, 5], positions: [7, 8, 9], sequence: SequenceState(), logits: .all)
      }
      #expect(rows[0] == rows[2] && rows[1] == rows[3])
      return rows
    }
    let one = try run(threads: 1)
    for threads in [2, 3, 8] { #expect(try run(threads: threads) == one) }
  }

  @Test func requestsTheModelCannotAnswerAreRefused() throws {
    let sequence = SequenceState()
    func error(_ tokens: [Int32], _ positions: [Int32], _ sequence: SequenceState = SequenceState()) -> EngineError? {
      #expect(throws: EngineError.self) {
        try engine.forward(tokens: tokens, positions: positions, sequence: sequence, logits: .none)
      }
    }
    #expect(error([], []) == .noTokens)
    #expect(error([1, 2], [0]) == .countMismatch(tokens: 2, positions: 1))
    #expect(error([64], [0]) == .tokenOutOfRange(token: 64, vocabularySize: 64))
    #expect(error([-1], [0]) == .tokenOutOfRange(token: -1, vocabularySize: 64))
    #expect(error([1], [4096]) == .positionOutOfRange(position: 4096, contextLength: 4096))
    #expect(error([1], [-2]) == .positionOutOfRange(position: -2, contextLength: 4096))
    #expect(error([1, 2], [5, 5]) == .positionsNotAscending(previous: 5, next: 5))
    _ = try engine.forward(tokens: [1, 2], positions: [3, 9], sequence: sequence, logits: .none)
    #expect(error([1], [9], sequence) == .positionsNotAscending(previous: 9, next: 9))
    // A refused pass leaves the sequence as it was, and free.
    _ = try engine.forward(tokens: [1], positions: [10], sequence: sequence, logits: .none)
    let twice = InferenceEngine.Input(sequence: sequence, tokens: [1], positions: [11], logits: .none)
    #expect(throws: EngineError.sequenceInUse) { try engine.forward([twice, twice]) }
    _ = try engine.forward(tokens: [1], positions: [11], sequence: sequence, logits: .none)
  }

  @Test func segmentsOfOtherModelsAreRefused() throws {
    let other = try TinyModel().directory().engine()
    let states = try other.encode(tokens: [1, 2], positions: [0, 1], context: [])
    let seen = AttendedSegment(try states.segment(element: .f32), place: 0)
    #expect(throws: EngineError.wrongSegmentShape(expected: engine.kvShape, found: other.kvShape)) {
      try engine.encode(tokens: [1], positions: [5], context: [seen])
    }
    let own = try engine.encode(tokens: [1, 2], positions: [0, 1], context: []).segment(element: .f16)
    for (seen, error) in [
      (AttendedSegment(own, place: 0, count: 3), EngineError.segmentTooShort(tokens: 2, asked: 3)),
      (AttendedSegment(own, place: 4095), .positionOutOfRange(position: 4096, contextLength: 4096)),
      (AttendedSegment(own, place: -7), .positionOutOfRange(position: -7, contextLength: 4096)),
    ] {
      #expect(throws: error) { try engine.encode(tokens: [1], positions: [5], context: [seen]) }
    }
  }
}
