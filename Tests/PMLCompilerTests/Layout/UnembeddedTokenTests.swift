import PMLCompiler
import Testing

/// Tokens that the tokenizer makes and the model has no embedding of are found before anything is computed.
@Suite struct UnembeddedTokenTests {
  /// The model has the bytes below `l`.
  private let tokenizer = ByteTokenizer(embeddedTokenCount: 108)

  private func problems(_ schema: Schema) -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    let layout = SchemaLayout(of: schema, tokenizer: tokenizer, sources: nil, diagnostics: &diagnostics)
    #expect((layout == nil) == !diagnostics.isEmpty)
    return diagnostics
  }

  @Test func aSchemasTextIsLookedThrough() {
    let found = problems(
      schema([text("abc"), module("m", [text("a zebra"), parameter("p", length: 4, default: "xz")])]))
    #expect(found.map(\.code.rawValue) == Array(repeating: "PML404", count: found.count))
    #expect(
      found.map(\.message)
        == [114, 122, 120].map { token in
          "the tokenizer makes token \(token), `\(UnicodeScalar(UInt8(token)))`, of this text, "
            + "but the model has only the tokens below 108"
        })
  }

  @Test func soAreBOSAndWhatFillsParameters() {
    let small = ByteTokenizer(embeddedTokenCount: 1)
    var diagnostics: [Diagnostic] = []
    let found = SchemaLayout(
      of: schema([module("m", [parameter("p", length: 4)])]), tokenizer: small, sources: nil, diagnostics: &diagnostics)
    #expect(found == nil)
    #expect(diagnostics.count == 2)
  }

  @Test func textOfTokensThatTheModelHasIsFine() {
    #expect(problems(schema([text("abc"), module("m", [text("a b c")])])) == [])
  }
}
