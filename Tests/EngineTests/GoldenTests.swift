import Engine
import KVCacheFormat
import Testing

/// The engine against `transformers`, and where that cannot express a scene against `tools/engine/reference.py`.
@Suite struct GoldenTests {
  /// Greatest difference of a log-probability over the case's rows.
  private func distance(_ golden: GoldenCase, element: KVElement) throws -> Float {
    let engine = try golden.model().engine()
    let sequence = SequenceState(
      attending: try golden.encodeSegments(engine, element: element), isExtended: golden.isExtended(engine))
    let logits = try engine.forward(
      tokens: golden.tokens, positions: golden.positions, sequence: sequence, logits: .all)
    #expect(logits.rows == golden.tokens.count)
    var greatest: Float = 0
    for (row, expected) in zip(golden.rows, golden.logprobs) {
      let found = LogProbabilities(logits[row])
      for (token, value) in expected.enumerated() {
        let difference = abs(found[Int32(token)] - value)
        greatest = difference.isNaN ? .infinity : max(greatest, difference)
      }
    }
    return greatest
  }

  @Test(arguments: GoldenCase.all)
  func agreesInSinglePrecision(_ golden: GoldenCase) throws {
    let distance = try distance(golden, element: .f32)
    #expect(distance < 1e-4, "\(golden.name): \(distance)")
  }

  @Test(arguments: GoldenCase.all.filter { !$0.segments.isEmpty })
  func agreesWithHalfPrecisionStates(_ golden: GoldenCase) throws {
    let distance = try distance(golden, element: .f16)
    #expect(distance < 2e-2, "\(golden.name): \(distance)")
  }

  @Test(arguments: GoldenCase.all.filter { !$0.segments.isEmpty })
  func comesCloseWithEightBitStates(_ golden: GoldenCase) throws {
    let distance = try distance(golden, element: .q8)
    #expect(distance < 0.3, "\(golden.name): \(distance)")
  }

  @Test func thereAreCases() {
    #expect(GoldenCase.all.count >= 60)
  }
}
