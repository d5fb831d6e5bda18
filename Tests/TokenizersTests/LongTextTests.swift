import Testing
import Tokenizers

/// Time grows with the text, not with its square: a square of these lengths takes hours.
@Suite struct LongTextTests {
  static let units = [
    "a", " ", "harbour", "港口六点开门", "e\u{301}\u{323}", "\u{301}\u{323}", "\n", "x1=", "<s>", "boat  ", "'",
  ]

  @Test(
    .timeLimit(.minutes(1)),
    arguments: Fixture.families)
  func encodesLongLines(_ fixture: Fixture) throws {
    let tokenizer = try fixture.tokenizer()
    for unit in Self.units {
      let text = String(repeating: unit, count: 100_000 / unit.utf8.count)
      #expect(!tokenizer.encode(text).isEmpty || fixture.testDescription == "unknown")
    }
  }
}
