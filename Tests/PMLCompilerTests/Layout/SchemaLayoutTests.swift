import PMLCompiler
import Testing

struct SchemaLayoutTests {
  /// `path start text` of each segment, `path start+length` of each module and parameter.
  private func drawing(_ layout: SchemaLayout) -> [String] {
    let segments = layout.segments.map {
      "\(layout.modules[$0.module].path) \($0.start) \($0.tokens.spelled)"
    }
    let modules = layout.modules.map { "\($0.path) \($0.start)+\($0.length)" }
    let parameters = layout.parameters.map {
      "\(layout.modules[$0.module].path).\($0.name) \($0.start)+\($0.length)"
    }
    return segments + modules + parameters
  }

  @Test func placesDepthFirst() throws {
    let layout = try layout(
      schema([
        text("abc"),
        module("m", [text("de"), module("n", [text("f")]), text("gh")]),
        text("i"),
      ]))
    #expect(
      drawing(layout) == [
        " 0 ^", " 1 abc", "m 4 de", "m/n 6 f", "m 7 gh", " 9 i",
        " 0+10", "m 4+5", "m/n 6+1",
      ])
  }

  @Test func membersOfAUnionStartTogetherAndTheLongestCounts() throws {
    let layout = try layout(
      schema([
        union([member("a", [text("12")]), member("b", [text("12345")]), member("c", [])]),
        text("z"),
      ]))
    #expect(drawing(layout) == [" 0 ^", "a 1 12", "b 1 12345", " 6 z", " 0+7", "a 1+2", "b 1+5", "c 1+0"])
  }

  @Test func aParameterTakesItsLength() throws {
    let layout = try layout(
      schema([
        module("m", [text("x"), parameter("p", length: 4, scaffold: "ab", default: "c", space: true), text("y")])
      ]))
    #expect(drawing(layout) == [" 0 ^", "m 1 x", "m 6 y", " 0+7", "m 1+6", "m.p 2+4"])
    #expect(layout.encodedTokens(of: .parameter(0)).spelled == " ab_")
    #expect(layout.parameters[0].defaultTokens?.spelled == " c")
  }

  @Test func withoutScaffoldAPlaceholderIsFillAlone() throws {
    let layout = try layout(schema([module("m", [parameter("p", length: 2, space: true)])]))
    #expect(layout.encodedTokens(of: .parameter(0)).spelled == "__")
    #expect(layout.parameters[0].defaultTokens == nil)
  }

  @Test func withoutBOSTextStartsAtZero() throws {
    let layout = try layout(schema([text("ab")]), ByteTokenizer(beginOfSequence: nil))
    #expect(drawing(layout) == [" 0 ab", " 0+2"])
  }

  @Test func aRunWithoutTokensMakesNoSegment() throws {
    struct Deaf: TextTokenizer {
      var beginOfSequence: TokenID? { nil }
      var placeholder: TokenID { 0 }
      var contextLength: Int { 100 }
      func tokens(of text: String) -> [TokenID] { text == "mute" ? [] : [7] }
      func tokens(ofTemplate text: String) -> [TokenID] { [8] }
    }
    var diagnostics: [Diagnostic] = []
    let schema = schema([text("mute"), module("m", [template("t"), text("mute"), text("x")])])
    let layout = try #require(
      SchemaLayout(of: schema, tokenizer: Deaf(), sources: nil, diagnostics: &diagnostics))
    #expect(layout.segments.map(\.tokens) == [[8], [7]])
    #expect(layout.segments.map(\.kind) == [.text(run: 1), .text(run: 3)])
    #expect(layout.ownItems(of: 0) == [])
  }

  @Test func tokenizesInParallelAsInOrder() throws {
    let long = (0..<40).map { module("m\($0)", [text(String(repeating: "\($0) ", count: 4_000))]) }
    let layout = try layout(schema(long), ByteTokenizer(contextLength: 1_000_000))
    for index in 0..<40 {
      #expect(layout.segments[index + 1].tokens.spelled == String(repeating: "\(index) ", count: 4_000))
    }
  }

  // MARK: Problems

  private func problems(_ schema: Schema, _ tokenizer: ByteTokenizer = ByteTokenizer()) -> [Diagnostic] {
    var sources = SchemaSourceMap(file: "s.pml")
    sources.names[.root] = range(10)
    sources.parameters[path("m")] = [
      "p": SchemaSourceMap.Parameter(name: range(20), length: range(30), placeholder: range(40), defaultText: range(50))
    ]
    var diagnostics: [Diagnostic] = []
    let layout = SchemaLayout(of: schema, tokenizer: tokenizer, sources: sources, diagnostics: &diagnostics)
    #expect((layout == nil) == diagnostics.contains { $0.severity == .error })
    return diagnostics
  }

  @Test func textsLongerThanTheirParameterAreErrors() {
    let found = problems(
      schema([module("m", [parameter("p", length: 2, scaffold: "abc", default: "de", space: true)])]))
    #expect(found.map(\.code.rawValue) == ["PML401", "PML402"])
    #expect(found.map(\.range) == [range(40), range(50)])
    #expect(found[0].message == "`scaffold` of parameter `p` has 4 tokens, its `length` is 2")
    #expect(found[0].help == "shorten the text, or raise `length` to 4")
    #expect(found[1].message == "`default` of parameter `p` has 3 tokens, its `length` is 2")
  }

  @Test func aLayoutBeyondTheContextLengthIsAnError() {
    let found = problems(schema([text("12345678")]), ByteTokenizer(contextLength: 8))
    #expect(found.map(\.code.rawValue) == ["PML403"])
    #expect(found[0].message == "the schema takes 9 positions, the model has 8")
    #expect(found[0].range == range(10))
    #expect(problems(schema([text("123456")]), ByteTokenizer(contextLength: 8)).map(\.code.rawValue) == ["PML450"])
    #expect(problems(schema([text("123")]), ByteTokenizer(contextLength: 8)).isEmpty)
  }

  @Test(
    arguments: [
      // The schema's own text, a module, one of a union's, one by its parameter.
      ([text("1234567"), module("m", [text("")])], ["the schema's own text"]),
      ([text("123"), module("m", [text("4567")])], ["module `m`"]),
      ([union([member("m", [text("123")]), member("n", [text("1234567")])])], ["module `n`"]),
      ([union([member("m", [text("1234567")]), member("n", [text("1234567")])])], ["module `m`", "module `n`"]),
      ([module("m", [text("12"), parameter("p", length: 5)])], ["module `m`"]),
      // What is nested in it goes without saying; one around it is reached without what is nested.
      ([module("m", [module("n", [text("12")]), text("34567")])], ["module `m`"]),
      ([module("m", [text("12"), module("n", [text("34567")])])], ["module `m/n`"]),
      // One position is left.
      ([module("m", [text("12"), module("n", [text("3456")])])], []),
    ] as [([Schema.Node], [String])])
  func whatLeavesNoRoomForAnAnswerIsNamed(_ nodes: [Schema.Node], _ names: [String]) {
    let found = problems(schema(nodes), ByteTokenizer(contextLength: 8)).filter { $0.code.rawValue == "PML451" }
    #expect(found.map { String($0.message.prefix { $0 != "k" }) } == names.map { "\($0) ta" })
    #expect(found.allSatisfy { $0.severity == .warning })
  }

  @Test func hugeLengthsNeitherTrapNorTakeMemory() {
    let huge = schema([
      module("m", [parameter("p", length: .max), parameter("q", length: .max), text("x")]), text("y"),
    ])
    #expect(problems(huge).map(\.code.rawValue) == ["PML403"])
  }
}
