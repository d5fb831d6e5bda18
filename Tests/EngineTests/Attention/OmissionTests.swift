import Engine
import KVCacheFormat
import Testing

/// Tokens of segments that a sequence computes again, among those that it sees as they are stored.
@Suite struct OmissionTests {
  private static let plain = GoldenCase.all.filter { $0.segments.isEmpty && $0.tokens.count >= 30 }

  private func expectClose(
    _ found: [Float], _ expected: [Float], within tolerance: Float, _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let (found, expected) = (LogProbabilities(found.span), LogProbabilities(expected.span))
    let worst = expected.tokens.reduce(0) { max($0, abs(found[$1] - expected[$1])) }
    #expect(worst < tolerance, comment, sourceLocation: sourceLocation)
  }

  private func positions(_ range: Range<Int>) -> [Int32] { range.map { Int32($0) } }
  private func tokens(_ count: Int) -> [Int32] { (0..<count).map { Int32(3 + $0 * 13 % 60) } }

  /// States that are exact may be computed again or not: the answer stays.
  @Test(arguments: plain, [[0..<4], [3..<4, 7..<8, 10..<11], [0..<20], [], [5..<40]] as [[Range<Int>]])
  func whatIsComputedAgainGivesWhatOnePassGives(golden: GoldenCase, omitted: [Range<Int>]) throws {
    let engine = try golden.model().engine()
    let (tokens, positions) = (golden.tokens, golden.positions)
    // Positions of a segment are side by side.
    guard positions.last.map({ Int($0) - Int(positions[0]) }) == tokens.count - 1 else { return }
    let isExtended = golden.isExtended(engine)
    let expected = try engine.forward(
      tokens: tokens, positions: positions, sequence: SequenceState(isExtended: isExtended), logits: .last)
    let states = try engine.encode([
      InferenceEngine.Encoding(
        tokens: Array(tokens[..<20]), positions: Array(positions[..<20]), context: [], isExtended: isExtended)
    ])[0]
    let segment = try states.segment(element: .f32)
    guard engine.canComputeAgain(omitted, of: segment) else { return }
    let again = omitted.joined().filter { $0 < 20 } + (20..<tokens.count)
    let seen = AttendedSegment(segment, place: Int(positions[0]), omitting: omitted)
    let found = try engine.forward(
      tokens: again.map { tokens[$0] }, positions: again.map { positions[$0] },
      sequence: SequenceState(attending: [seen], isExtended: isExtended), logits: .last)
    expectClose(found.row(0), expected.row(0), within: 1e-4)
  }

  /// A segment with a gap is as one before and one behind it.
  @Test(arguments: KVElement.allCases, [1, 9, 70])
  func omittedTokensAreNotThere(element: KVElement, count: Int) throws {
    let engine = try #require(GoldenCase.all.first { $0.name == "llama, plain" }).model().engine()
    let states = try engine.encode(tokens: tokens(600), positions: positions(0..<600), context: [])
    for gap in [0..<4, 17..<18, 30..<430, 16..<160, 590..<600, 0..<600] {
      func logits(_ attended: [AttendedSegment]) throws -> [Float] {
        try engine.forward(
          tokens: tokens(count), positions: positions(700..<700 + count), sequence: SequenceState(attending: attended),
          logits: .last
        ).row(0)
      }
      func part(_ range: Range<Int>) throws -> AttendedSegment {
        AttendedSegment(
          try states.segment(element: element, tokens: range), place: 50 + range.lowerBound, encodedAt: range.lowerBound
        )
      }
      let whole = AttendedSegment(
        try states.segment(element: element), place: 50, encodedAt: 0, omitting: [gap, 900..<1000])
      expectClose(
        try logits([whole]), try logits([try part(0..<gap.lowerBound), try part(gap.upperBound..<600)]), within: 2e-5,
        "\(gap)")
    }
  }

  /// An isolated segment used elsewhere, computed again whole or in part, beside another sequence.
  @Test func aMovedSegmentCanBeComputedAgain() throws {
    let engine = try #require(GoldenCase.all.first { $0.name == "llama, plain" }).model().engine()
    let all = tokens(120)
    let expected = try engine.forward(
      tokens: all, positions: positions(0..<120), sequence: SequenceState(), logits: .last)
    let first = try engine.encode(tokens: Array(all[..<40]), positions: positions(0..<40), context: [])
    let second = try engine.encode(tokens: Array(all[40..<100]), positions: positions(0..<60), context: [])
    func input(omitting: Range<Int>) throws -> InferenceEngine.Input {
      let again = omitting.map { 40 + $0 } + (100..<120)
      let attended = [
        AttendedSegment(try first.segment(element: .f32), place: 0),
        AttendedSegment(try second.segment(element: .f32), place: 40, encodedAt: 0, omitting: [omitting]),
      ]
      return InferenceEngine.Input(
        sequence: SequenceState(attending: attended), tokens: again.map { all[$0] }, positions: again.map { Int32($0) },
        logits: .last)
    }
    let together = try engine.forward([
      try input(omitting: 0..<60), try input(omitting: 0..<4), try input(omitting: 0..<0),
    ])
    expectClose(together[0].row(0), expected.row(0), within: 1e-4)
    let alone = try engine.forward([try input(omitting: 0..<4)])[0]
    #expect(alone.row(0) == together[1].row(0))
    #expect(alone.row(0) != together[2].row(0))
  }

  /// What layers with a window have dropped cannot be seen; what is left out need not be.
  @Test(arguments: [20, 64, 100])
  func whatCannotBeSeenIsRefused(window: Int) throws {
    let golden = try #require(GoldenCase.all.first { $0.name == "gemma3, plain" })
    let model = try golden.model()
    let own = try #require(golden.config.text.firstMatch(of: /"sliding_window":\d+/))
    try model.remove("config.json")
    try model.write("config.json", golden.config.text.replacing(own.0, with: "\"sliding_window\":\(window)"))
    let engine = try model.engine()
    let all = tokens(220)
    let expected = try engine.forward(
      tokens: all, positions: positions(0..<220), sequence: SequenceState(), logits: .last)
    let segment = try engine.encode(tokens: Array(all[..<200]), positions: positions(0..<200), context: [])
      .segment(element: .f32)
    let alone = engine.tokensComputableAlone(of: segment)
    let dropped = segment.layout.blobs.map { 200 - $0.tokens }.max() ?? 0
    #expect(dropped > 0 && alone == min(dropped + window - 1, 200)..<200)
    let cases: [(omitted: [Range<Int>], isPossible: Bool)] = [
      ([], true), ([0..<4], true), ([0..<200], true), ([0..<150], true), ([alone], true), ([0..<4, 199..<200], true),
      ([5..<6], false), ([0..<4, 5..<6], false), ([0..<4, alone.lowerBound - 1..<alone.lowerBound], false),
      ([0..<4, 3..<9, 199..<200], true), ([1..<200], false),
    ]
    for (omitted, isPossible) in cases {
      #expect(engine.canComputeAgain(omitted, of: segment) == isPossible, "\(omitted)")
      let again = Set(omitted.joined()).sorted() + (200..<220)
      let sequence = SequenceState(attending: [AttendedSegment(segment, place: 0, omitting: omitted)])
      do throws(EngineError) {
        let found = try engine.forward(
          tokens: again.map { all[$0] }, positions: again.map { Int32($0) }, sequence: sequence, logits: .last)
        #expect(isPossible, "\(omitted)")
        expectClose(found.row(0), expected.row(0), within: 1e-4, "\(omitted)")
      } catch {
        guard case .stateNotKept = error else { throw error }
        #expect(!isPossible, "\(omitted)")
      }
    }
  }
}

extension LogProbabilities {
  fileprivate var tokens: Range<Int32> { 0..<40 }
}
