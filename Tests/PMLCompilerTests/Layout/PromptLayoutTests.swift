import PMLCompiler
import Testing

struct PromptLayoutTests {
  func imports(_ references: [(String, [String: String])]) -> [Prompt.Import] {
    references.map { name, arguments in
      let arguments = arguments.mapValues { Prompt.Argument(text: $0, range: range(70)) }
      return Prompt.Import(path: path(name), arguments: arguments, range: range(60))
    }
  }

  func prompt(
    _ references: [(String, [String: String])], _ newText: [Prompt.NewText] = [], userTurn: Bool = false
  ) -> Prompt {
    Prompt(schema: "s", imports: imports(references), newText: newText, endsWithUserTurn: userTurn)
  }

  func end(_ texts: String...) -> Prompt.NewText {
    Prompt.NewText(place: .end, runs: texts.map { TextRun($0) }, range: range(80))
  }

  func before(_ name: String, after preceding: String? = nil, _ text: String) -> Prompt.NewText {
    Prompt.NewText(place: .before(path(name), after: preceding.map(path)), runs: [TextRun(text)], range: range(90))
  }

  static let template = ChatTemplate(
    system: .init("", ""), user: .init("", ""), assistant: .init("", ""), header: "h")

  func lay(
    _ prompt: Prompt, on schema: Schema, _ tokenizer: ByteTokenizer = ByteTokenizer()
  ) throws -> (layout: PromptLayout?, plan: EncodingPlan, diagnostics: [Diagnostic]) {
    let plan = try plan(schema, tokenizer)
    var diagnostics: [Diagnostic] = []
    let layout = PromptLayout(
      of: prompt, in: "p.pml", plan: plan, tokenizer: tokenizer, template: Self.template, diagnostics: &diagnostics)
    #expect((layout == nil) == !diagnostics.isEmpty)
    return (layout, plan, diagnostics)
  }

  /// `cached@place …| computed@position …| next`, runs of computed tokens put together.
  func drawing(
    _ prompt: Prompt, on schema: Schema, _ tokenizer: ByteTokenizer = ByteTokenizer()
  ) throws -> String {
    let (found, plan, diagnostics) = try lay(prompt, on: schema, tokenizer)
    guard let layout = found else { throw Unexpected(diagnostics: diagnostics) }
    let cached = layout.cached.map { use in
      let encoding = plan.encodings[use.encoding]
      let mark = encoding.scaffold.map { "'\($0)" } ?? ""
      return "\(Array(plan.tokens(of: encoding).prefix(use.count)).spelled)\(mark)@\(use.place)"
    }
    var computed: [String] = []
    var next: Int?
    for token in layout.computed {
      if token.position == next {
        computed[computed.count - 1] += [token.token].spelled
      } else {
        computed.append("\(token.position):\([token.token].spelled)")
      }
      next = token.position + 1
    }
    return "\(cached.joined(separator: " ")) | \(computed.joined(separator: " ")) | \(layout.nextPosition)"
  }

  static let travel = schema([
    text("ab"),
    module("plan", [text("in"), parameter("days", length: 4, default: "3", space: true), text("go")]),
    union([member("x", [text("xx")]), member("y", [text("yyyy"), module("z", [text("z")])])]),
    text("end"),
  ])

  // Positions: ^0 ab1 | in3 days5 go9 | xx11 or yyyy11 z15 | end16 … 18

  @Test func newTextFollowsTheHighestPositionTaken() throws {
    #expect(try drawing(prompt([], [end("new")]), on: Self.travel) == "^@0 ab@1 end@16 | 19:new | 22")
    #expect(
      try drawing(prompt([("x", [:])], [end("n", "ew")]), on: Self.travel) == "^@0 ab@1 xx@11 end@16 | 19:new | 22")
  }

  @Test func argumentsTakeTheirParametersFirstPositions() throws {
    #expect(
      try drawing(prompt([("plan", ["days": "12"])], [end("q")]), on: Self.travel)
        == "^@0 ab@1 in@3 go@9 end@16 | 5: 12 19:q | 20")
    #expect(
      try drawing(prompt([("plan", [:])], [end("q")]), on: Self.travel)
        == "^@0 ab@1 in@3 go@9 end@16 | 5: 3 19:q | 20")
    #expect(
      try drawing(prompt([("plan", ["days": ""])], [end("q")]), on: Self.travel)
        == "^@0 ab@1 in@3 go@9 end@16 | 5:  19:q | 20")
  }

  @Test func theLastTokenIsComputedWhateverItIs() throws {
    #expect(try drawing(prompt([]), on: Self.travel) == "^@0 ab@1 en@16 | 18:d | 19")
    #expect(try drawing(prompt([("m", [:])]), on: schema([module("m", [text("x")])])) == "^@0 | 1:x | 2")
    #expect(try drawing(prompt([]), on: schema([])) == " | 0:^ | 1")
  }

  @Test func aParameterAtTheEndCountsInFull() throws {
    let schema = schema([module("m", [text("a"), parameter("p", length: 9)])])
    #expect(try drawing(prompt([("m", ["p": "bc"])]), on: schema) == "^@0 a@1 | 2:bc | 11")
    #expect(try drawing(prompt([("m", ["p": "bc"])], [end("d")]), on: schema) == "^@0 a@1 | 2:bc 11:d | 12")
    #expect(try drawing(prompt([("m", ["p": ""])]), on: schema) == "^@0 | 1:a | 11")
  }

  @Test func uncachedTextIsComputed() throws {
    let schema = schema([module("m", cache: false, [text("ab"), module("n", [text("c")])]), text("d"), text("e")])
    #expect(try drawing(prompt([("m", [:]), ("m/n", [:])]), on: schema) == "^@0 c@3 d@4 | 1:ab 5:e | 6")
  }

  @Test func theBaselineTakesAllPresentTokensInOrder() throws {
    let (layout, _, _) = try lay(
      prompt([("plan", ["days": "12"]), ("y", [:]), ("y/z", [:])], [end("q")]), on: Self.travel)
    #expect(layout?.present.spelled == "^abin 12goyyyyzendq")
    #expect(layout?.cachedTokenCount == 15)
  }

  @Test func theHeaderFollowsAUserTurn() throws {
    #expect(try drawing(prompt([], [end("q")], userTurn: true), on: schema([text("a")])) == "^@0 a@1 | 2:qH | 4")
    #expect(try drawing(prompt([], [], userTurn: true), on: schema([text("a")])) == "^@0 a@1 | 2:H | 3")
  }

  // MARK: New text between references

  static let gaps = schema([
    text("s"), module("a", [text("aa"), module("n", [text("nnn")])]), module("b", [text("bbb")]),
    module("c", [text("c")]),
    text("t"), module("d", [text("d")]),
  ])

  // Positions: ^0 s1 aa2 nnn4 bbb7 c10 t11 d12

  @Test func textBetweenReferencesFollowsTheOneBeforeIt() throws {
    #expect(
      try drawing(prompt([("a", [:]), ("c", [:])], [before("c", after: "a", "new"), end("q")]), on: Self.gaps)
        == "^@0 s@1 aa@2 c@10 t@11 | 4:new 12:q | 13")
    #expect(
      try drawing(
        prompt([("a", [:]), ("a/n", [:]), ("c", [:])], [before("c", after: "a", "new"), end("q")]), on: Self.gaps)
        == "^@0 s@1 aa@2 nnn@4 c@10 t@11 | 7:new 12:q | 13")
  }

  @Test func textBeforeTheFirstReferenceFollowsTheSchemasText() throws {
    #expect(
      try drawing(prompt([("b", [:])], [before("b", "12345")]), on: Self.gaps)
        == "^@0 s@1 bbb@7 | 2:12345 11:t | 12")
  }

  @Test func textThatDoesNotFitIsAnErrorThatCounts() throws {
    let (_, _, found) = try lay(prompt([("b", [:])], [before("b", "123456")]), on: Self.gaps)
    #expect(found.map(\.code.rawValue) == ["PML412"])
    #expect(found.first?.message == "new text before `b` has 6 tokens, but 5 positions are free there")
    #expect(found.first?.help?.contains("`<parameter>`") == true)
    #expect(found.first?.range == range(90))
    #expect(found.first?.file == "p.pml")
    // Ahead of `d` stands the schema's own text.
    let (_, _, none) = try lay(prompt([("c", [:]), ("d", [:])], [before("d", after: "c", "1")]), on: Self.gaps)
    #expect(none.first?.message == "new text before `d` has 1 token, but 0 positions are free there")
  }

  @Test func textsAroundAReferenceThatTakesNothingDoNotOverlap() throws {
    let schema = schema([module("a", [module("n", [text("1234")])]), module("b", [text("b")])])
    #expect(
      try drawing(
        prompt([("a", [:]), ("b", [:])], [before("a", "xx"), before("b", after: "a", "yy"), end("q")]), on: schema)
        == "^@0 b@5 | 1:xxyy 6:q | 7")
    let (_, _, found) = try lay(
      prompt([("a", [:]), ("b", [:])], [before("a", "xxx"), before("b", after: "a", "yy")]), on: schema)
    #expect(found.first?.message == "new text before `b` has 2 tokens, but 1 position is free there")
  }

  // MARK: Scaffolds

  @Test func aScaffoldTakesThePlaceOfPlainEncodings() throws {
    let schema = schema(
      [module("a", [text("a")]), module("b", [text("b")]), module("c", [text("c")]), text("t"), text("u")],
      scaffolds: [["a", "b"], ["b", "c"], ["a", "b", "c"]])
    #expect(try drawing(prompt([("a", [:]), ("b", [:])]), on: schema) == "^@0 a'0@1 b'0@2 t@4 | 5:u | 6")
    #expect(try drawing(prompt([("b", [:]), ("c", [:])]), on: schema) == "^@0 b'1@2 c'1@3 t@4 | 5:u | 6")
    #expect(
      try drawing(prompt([("a", [:]), ("b", [:]), ("c", [:])]), on: schema)
        == "^@0 a'2@1 b'2@2 c'2@3 t@4 | 5:u | 6")
    #expect(try drawing(prompt([("a", [:]), ("c", [:])]), on: schema) == "^@0 a@1 c@3 t@4 | 5:u | 6")
  }

  @Test func ofEqualScaffoldsTheFirstDeclaredGoesFirst() throws {
    let modules = ["a", "b", "c", "d"].map { module($0, [text($0)]) }
    let schema = schema(
      modules + [text("t"), text("u")], scaffolds: [["b", "c"], ["a", "b"], ["c", "d"], ["a", "d"]])
    let all = ["a", "b", "c", "d"].map { ($0, [String: String]()) }
    #expect(try drawing(prompt(all), on: schema) == "^@0 a'3@1 b'0@2 c'0@3 d'3@4 t@5 | 6:u | 7")
  }

  // MARK: Problems

  @Test func anArgumentLongerThanItsParameterIsAnError() throws {
    let (_, _, found) = try lay(prompt([("plan", ["days": "1234"])], [end("q")]), on: Self.travel)
    #expect(found.map(\.code.rawValue) == ["PML411"])
    #expect(found.first?.message == "argument `days` has 5 tokens, its parameter holds 4")
    #expect(found.first?.range == range(70))
  }

  @Test func aPromptThatLeavesNoRoomIsAnError() throws {
    let schema = schema([text("abc")])
    #expect(
      try drawing(prompt([], [end("123")]), on: schema, ByteTokenizer(contextLength: 8)) == "^@0 abc@1 | 4:123 | 7")
    let (_, _, found) = try lay(prompt([], [end("1234")]), on: schema, ByteTokenizer(contextLength: 8))
    #expect(found.map(\.code.rawValue) == ["PML413"])
    #expect(found.first?.range == range(80))
  }

  @Test func aPromptWithoutTokensIsAnError() throws {
    let (_, _, found) = try lay(prompt([]), on: schema([]), ByteTokenizer(beginOfSequence: nil))
    #expect(found.map(\.code.rawValue) == ["PML414"])
  }

  // MARK: From documents

  @Test func documentsGetTheirPositions() throws {
    let text = """
      <schema name="trip" positions="fixed">
        You plan.
        <module name="plan">Take <parameter name="days" length="6" default="2" scaffold="x"/> days.</module>
        <union scaffold="bern">
          <module name="miami" attention="isolated">Beach.</module>
          <module name="bern">Bears!!</module>
        </union>
        <user>Go on.</user>
        <scaffold modules="plan miami"/>
      </schema>
      """
    let schema = try lowered(text, template: .marked)
    let prompt = try resolved(
      """
      <prompt schema="trip"><plan days="3"/><miami/><user>Where?</user></prompt>
      """, for: text, template: .marked)
    let plan = try plan(schema)
    #expect(
      plan.layout.segments.map { "\($0.start):\($0.tokens.spelled)" } == [
        "0:^", "1:You plan.", "10:Take", "20: days.", "26:Beach.", "26:Bears!!", "33:<U>", "36:Go on.", "42:</U>",
      ])
    #expect(
      try drawing(prompt, on: schema)
        == "^@0 You plan.@1 Take'0@10  days.'0@20 Beach.'0@26 <U>@33 Go on.@36 </U>@42 | 14: 3 46:<U>Where?</U>H | 60")
  }

  // MARK: On random schemas

  @Test(arguments: 0..<100 as Range<UInt64>) func compactPromptsStandWhereTheBaselineDoes(seed: UInt64) throws {
    let fixed = RandomSchema.schema(seed: seed)
    let compact = RandomSchema.schema(seed: seed, positions: .compact)
    for modules in Presence.prompts(of: fixed.nodes).prefix(40) {
      let prompt = prompt(modules.map { ($0.description, [String: String]()) }, [end("new")])
      let layout = try #require(try lay(prompt, on: compact).layout)
      let other = try #require(try lay(prompt, on: fixed).layout)
      #expect(layout.present == other.present && layout.nextPosition == layout.present.count)
      #expect(layout.cached.map(\.encoding) == other.cached.map(\.encoding))
      #expect(layout.computed.map(\.token) == other.computed.map(\.token))
      let positions =
        layout.cached.flatMap { $0.place..<$0.place + $0.count } + layout.computed.map(\.position)
      #expect(positions.sorted() == Array(layout.present.indices))
    }
  }

  @Test(arguments: 0..<100 as Range<UInt64>) func everyPromptIsLaidOutConsistently(seed: UInt64) throws {
    let schema = RandomSchema.schema(seed: seed)
    for modules in Presence.prompts(of: schema.nodes).prefix(40) {
      let references = modules.map { ($0.description, [String: String]()) }
      let (found, plan, _) = try lay(prompt(references, [end("new")]), on: schema)
      let layout = try #require(found)
      var tokens: [Int: TokenID] = [:]
      for use in layout.cached {
        for (offset, token) in plan.tokens(of: plan.encodings[use.encoding]).prefix(use.count).enumerated() {
          #expect(tokens.updateValue(token, forKey: use.place + offset) == nil)
        }
      }
      for computed in layout.computed {
        #expect(tokens.updateValue(computed.token, forKey: computed.position) == nil)
      }
      let positions = tokens.keys.sorted()
      #expect(layout.present == positions.compactMap { tokens[$0] })
      #expect(layout.computed.map(\.position) == layout.computed.map(\.position).sorted())
      #expect(layout.computed.last?.position == positions.last && layout.nextPosition == (positions.last ?? 0) + 1)
      // What is cached, and only that, comes from the store: each segment of a cached module once.
      let cached = plan.layout.segments.filter {
        let module = plan.layout.modules[$0.module]
        return module.isCached && (module.path == .root || modules.contains(module.path))
      }
      #expect(layout.cached.map(\.place) == cached.map(\.start).sorted())
    }
  }
}
