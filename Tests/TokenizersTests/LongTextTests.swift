import Testing
import Tokenizers

/// Time grows with the text, not with its square, which would take hours for a megabyte.
@Suite struct LongTextTests {
  /// Without optimization everything is far slower, linear or not.
  static let byteCount = _isDebugAssertConfiguration() ? 10_000 : 1_000_000
  static let units = ["a", " ", "港口六点开门", "\u{301}\u{323}", "x1=", "boat  "]

  @Test(.timeLimit(.minutes(20)), arguments: Fixture.families)
  func encodesLongLines(_ fixture: Fixture) throws {
    let tokenizer = try fixture.tokenizer()
    for unit in Self.units {
      let text = String(repeating: unit, count: Self.byteCount / unit.utf8.count)
      let tokens = tokenizer.encode(text)
      // White space alone is nothing to the family that splits at it.
      #expect(!tokens.isEmpty || fixture.testDescription == "unknown")
    }
  }
}
