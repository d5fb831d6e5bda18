import Engine
import KVCacheFormat
import Testing

/// Sequences that begin with states of others, and with what is computed as encodings are.
@Suite struct BeginningTests {
  private let engine: InferenceEngine

  init() throws {
    let golden = try #require(GoldenCase.all.first { $0.name == "llama, plain" })
    engine = try golden.model().engine()
  }

  private func positions(_ range: Range<Int>) -> [Int32] { range.map { Int32($0) } }

  /// A part of a prompt of which several go on in ways of their own behind `common` tokens.
  private func part(_ range: Range<Int>, of sequence: SequenceState, common: Int, way: Int) -> InferenceEngine.Input {
    InferenceEngine.Input(
      sequence: sequence, tokens: range.map { Int32(3 + ($0 * 7 + ($0 < common ? 0 : way * 11)) % 60) },
      positions: positions(range), logits: .last, isPartOfPrompt: true)
  }

  @Test(arguments: [1, 5, 64, 100, 127, 128, 200, 256, 300, 511, 512, 600])
  func sequencesThatGoOnFromABeginningAreThoseComputedWhole(kept: Int) throws {
    let count = 640
    let whole = try (0..<3).map { way in
      try engine.forward([part(0..<count, of: SequenceState(), common: kept, way: way)])[0].row(0)
    }
    let first = SequenceState()
    _ = try engine.forward([part(0..<min(kept + 20, count), of: first, common: kept, way: 0)])
    let beginning = try first.beginning(kept)
    #expect(beginning.count == kept && beginning.pages.count == PageLayout().pageRanges(of: kept).count)
    // One after the other, the first one on its own states, and some from a beginning of a beginning.
    for way in [1, 0, 2, 1] {
      let other = try SequenceState(attending: [], isExtended: false, beginningWith: beginning, count: kept)
      #expect(try engine.forward([part(kept..<count, of: other, common: kept, way: way)])[0].row(0) == whole[way])
      let less = max(kept / 2, 1)
      let shorter = try SequenceState(
        attending: [], isExtended: false, beginningWith: try other.beginning(kept), count: less)
      #expect(try engine.forward([part(less..<count, of: shorter, common: kept, way: way)])[0].row(0) == whole[way])
    }
    let rest = min(kept + 20, count)..<count
    #expect(try engine.forward([part(rest, of: first, common: kept, way: 0)])[0].row(0) == whole[0])
  }

  /// Windows, biases, caps, and weights of few bits.
  @Test(arguments: GoldenCase.all) func inEachFamilyABeginningChangesNoBit(golden: GoldenCase) throws {
    let model = try golden.model()
    let engine = try model.engine()
    let size = Int32(engine.configuration.vocabularySize)
    func input(_ range: Range<Int>, of sequence: SequenceState) -> InferenceEngine.Input {
      InferenceEngine.Input(
        sequence: sequence, tokens: range.map { 3 + Int32($0) * 7 % (size - 3) }, positions: positions(range),
        logits: .last, isPartOfPrompt: true)
    }
    let attended = try golden.encodeSegments(engine, element: .q8).prefix(1).map {
      AttendedSegment($0.segment, place: 0, encodedAt: $0.encodedAt)
    }
    let start = attended.first?.count ?? 0
    let end = min(start + 180, engine.configuration.contextLength)
    let whole = try engine.forward([input(start..<end, of: SequenceState(attending: attended))])[0].row(0)
    let first = SequenceState(attending: attended)
    _ = try engine.forward([input(start..<end, of: first)])
    for kept in [1, 37, 64, 129, 170] where start + kept < end {
      let other = try SequenceState(
        attending: attended, isExtended: false, beginningWith: try first.beginning(kept), count: kept)
      #expect(try engine.forward([input(start + kept..<end, of: other)])[0].row(0) == whole)
    }
  }

  /// Sections are what encodings of as many tokens would be, each of which sees those before it: in the text behind them and
  /// in the tokens that follow, computed one by one. In whatever parts they come, and behind a beginning.
  @Test(arguments: GoldenCase.all) func sectionsAreEncodings(golden: GoldenCase) throws {
    let engine = try golden.model().engine()
    let size = Int32(engine.configuration.vocabularySize)
    func tokens(_ range: Range<Int>) -> [Int32] { range.map { 3 + Int32($0) * 7 % (size - 3) } }
    func input(
      _ range: Range<Int>, of sequence: SequenceState, isPartOfPrompt: Bool = false, isEncoding: Bool = false
    ) -> InferenceEngine.Input {
      InferenceEngine.Input(
        sequence: sequence, tokens: tokens(range), positions: positions(range), logits: isEncoding ? .none : .last,
        isPartOfPrompt: isPartOfPrompt, isEncoding: isEncoding)
    }
    /// The scores of what follows: a text of 30 tokens, or of 3, and two more tokens.
    func scores(behind start: Int, _ text: Int, of sequence: SequenceState) throws -> [[Float]] {
      let end = start + text
      var found = [try engine.forward([input(start..<end, of: sequence, isPartOfPrompt: text > 8)])[0].row(0)]
      for next in end..<end + 2 { found.append(try engine.forward([input(next..<next + 1, of: sequence)])[0].row(0)) }
      return found
    }
    // Some are longer than pages of other tokens, and than what attention takes as one unit.
    let lengths = [5, 16, 1, 70, 130, 3, 300].filter { $0 * 3 < engine.configuration.contextLength }
    var chain: [AttendedSegment] = []
    var end = 0
    for count in lengths {
      let states = try engine.encode(
        tokens: tokens(end..<end + count), positions: positions(end..<end + count), context: chain)
      chain.append(AttendedSegment(try states.segment(element: .f32), place: end, encodedAt: end))
      end += count
    }
    #expect(lengths.count > 3 && end + 35 < engine.configuration.contextLength)
    for text in [30, 3] {
      let expected = try scores(behind: end, text, of: SequenceState(attending: chain))
      for step in [end, 64, 50] {
        let sequence = SequenceState(sections: lengths)
        for start in stride(from: 0, to: end, by: step) {
          _ = try engine.forward([input(start..<min(start + step, end), of: sequence, isEncoding: true)])
        }
        let beginning = try sequence.beginning(end)
        let other = try SequenceState(attending: [], isExtended: false, beginningWith: beginning, count: end)
        let found = try scores(behind: end, text, of: sequence)
        #expect(found == expected, "\(text) tokens, \(zip(found, expected).map { $0 == $1 })")
        #expect(try scores(behind: end, text, of: other) == expected)
      }
    }
  }

  @Test func aPassThatIsGivenUpLeavesABeginningAsItWas() throws {
    let first = SequenceState()
    _ = try engine.forward([part(0..<256, of: first, common: 0, way: 0)])
    let beginning = try first.beginning(256)
    let expected = try engine.forward([part(0..<300, of: SequenceState(), common: 0, way: 0)])[0].row(0)
    for _ in 0..<2 {
      let other = try SequenceState(attending: [], isExtended: false, beginningWith: beginning, count: 256)
      let pass = try engine.begin([part(256..<640, of: other, common: 0, way: 1)])
      _ = try pass.advance { false }
    }
    let other = try SequenceState(attending: [], isExtended: false, beginningWith: beginning, count: 256)
    #expect(try engine.forward([part(256..<300, of: other, common: 0, way: 0)])[0].row(0) == expected)
  }
}
