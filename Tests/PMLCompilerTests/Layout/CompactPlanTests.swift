import ContentHash
import PMLCompiler
import Testing

/// What encodings of compact schemas see, and where, by hand.
struct CompactPlanTests {
  private func drawing(_ plan: EncodingPlan) -> [String] { EncodingPlanTests().drawing(plan) }

  private func compact(
    _ nodes: [Schema.Node], attention: Schema.Attention = .context, scaffolds: [[String]] = []
  ) -> Schema {
    schema(nodes, attention: attention, scaffolds: scaffolds, positions: .compact)
  }

  @Test func compactContextsHaveNoGaps() throws {
    let plan = try plan(
      compact([
        text("a"),
        module("m", [text("bb"), module("n", [text("ccc")]), text("d")]),
        text("e"),
        module("o", [text("f")]),
      ]))
    #expect(
      drawing(plan) == [
        "^@0", "a@1 < ^@0", "bb@2 < ^@0 a@1", "ccc@4 < ^@0 a@1 bb@2", "d@4 < ^@0 a@1 bb@2", "e@2 < ^@0 a@1",
        "f@3 < ^@0 a@1 e@2",
      ])
  }

  @Test func compactPlaceholdersAreAsLongAsTheirText() throws {
    func placeholder(_ parameter: Schema.Node) throws -> String {
      let plan = try plan(compact([module("m", [text("a"), parameter, text("b")])]))
      return drawing(plan).suffix(2).joined(separator: "; ")
    }
    #expect(
      try placeholder(parameter("p", length: 9, scaffold: "xy", default: "d", space: true))
        == " xy@2 < ^@0 a@1; b@5 < ^@0 a@1  xy@2")
    #expect(try placeholder(parameter("p", length: 9, default: "d")) == "d@2 < ^@0 a@1; b@3 < ^@0 a@1 d@2")
    #expect(try placeholder(parameter("p", length: 9)) == "_@2 < ^@0 a@1; b@3 < ^@0 a@1 _@2")
    // Of no text nothing stands there.
    #expect(try placeholder(parameter("p", length: 9, scaffold: "")) == "a@1 < ^@0; b@2 < ^@0 a@1")
    #expect(try placeholder(parameter("p", length: 9, default: "")) == "a@1 < ^@0; b@2 < ^@0 a@1")
  }

  @Test func aPlaceholderHasTheDigestOfTheTextThatItSays() throws {
    let said = try plan(compact([module("m", [text("a"), parameter("p", length: 9, scaffold: "x"), text("b")])]))
    let written = try plan(compact([module("m", [text("a"), text("x"), text("b")])]))
    #expect(said.encodings.map(\.digest) == written.encodings.map(\.digest))
    // One that is kept is computed for both.
    let both = try plan(
      compact([
        module("m", [text("a"), parameter("p", length: 9, scaffold: "x"), text("b")]),
        module("n", [text("a"), text("x"), text("b")]),
      ]))
    let order = both.computation(of: both.distinctStored) { _ in true }.map { both.encodings[$0] }
    #expect(order.map { both.tokens(of: $0).spelled } == ["^", "a", "x", "b"])
    #expect(order.map(\.isStored) == [true, true, true, true])
  }

  @Test func isolatedModulesStandAnywhere() throws {
    let plan = try plan(
      compact([
        text("a"), module("m", attention: .isolated, [text("b"), parameter("p", length: 9), text("c")]),
        module("n", [text("d"), module("x", attention: .isolated, [text("e")]), text("f")]),
      ]))
    #expect(
      drawing(plan) == [
        "^@0", "a@1 < ^@0", "b@0 < ^@-1", "_@1 < ^@-1 b@0", "c@2 < ^@-1 b@0 _@1", "d@2 < ^@0 a@1", "e@0 < ^@-1",
        "f@3 < ^@0 a@1 d@2",
      ])
  }

  @Test func aScaffoldsModulesStandInDocumentOrder() throws {
    let plan = try plan(
      compact(
        [
          union([member("m", [text("aaa")]), member("o", [text("z"), text("y")])], scaffold: "m"), text("b"),
          module("i", attention: .isolated, [text("w")]), module("n", [text("c")]),
        ],
        scaffolds: [["o", "i", "n"]]))
    #expect(
      drawing(plan).suffix(4) == [
        "z'0@1 < ^@0", "y'0@2 < ^@0 z'0@1", "w'0@3 < ^@0 z'0@1 y'0@2",
        // The union's own word stands ahead of the member that the scaffold lists.
        "c'0@8 < ^@0 aaa@1 z'0@4 y'0@5 b@6 w'0@7",
      ])
  }

  @Test func anotherModulesLengthChangesNothing() throws {
    func digests(_ before: [Schema.Node]) throws -> [SHA256Digest] {
      let nodes = before + [module("m", [text("b"), parameter("p", length: 2), text("c")])]
      return try plan(compact([text("a")] + nodes)).encodings.suffix(3).map(\.digest)
    }
    let alone = try digests([])
    #expect(try digests([module("x", [text("some words")])]) == alone)
    #expect(try digests([union([member("x", [text("some")]), member("y", [text("more words")])])]) == alone)
    #expect(try digests([text("certain")]) != alone)
  }

  // MARK: What isolated modules rest on

  @Test func withoutBOSIsolatedModulesRestOnAToken() throws {
    let tokenizer = ByteTokenizer(beginOfSequence: nil, restToken: ByteTokenizer.rest)
    for positions in [Schema.Positions.fixed, .compact] {
      let schema = schema(
        [
          text("a"), module("m", attention: .isolated, [text("b"), text("c")]),
          module("n", attention: .isolated, [text("d")]), module("o", [text("e")]),
        ], positions: positions)
      let plan = try plan(schema, tokenizer)
      #expect(
        drawing(plan) == [
          "a@0", "$@0", "b@0 < $@-1", "c@1 < $@-1 b@0", "d@0 < $@-1",
          positions == .fixed ? "e@4 < a@0" : "e@1 < a@0",
        ])
      #expect(plan.encodings.map(\.isStored) == [true, false, true, true, true, true])
      #expect(plan.computation(of: [4]) { _ in true } == [1, 4])
    }
  }

  @Test func inAScaffoldItLiesAheadOfWhatIsSeen() throws {
    let tokenizer = ByteTokenizer(beginOfSequence: nil, restToken: ByteTokenizer.rest)
    func drawn(_ positions: Schema.Positions) throws -> ArraySlice<String> {
      let schema = schema(
        [
          text("a"), module("m", attention: .isolated, [text("b")]), module("x", [text("y")]),
          module("n", attention: .isolated, [text("c")]),
        ], scaffolds: [["m", "n"]], positions: positions)
      return drawing(try plan(schema, tokenizer)).suffix(2)
    }
    #expect(try drawn(.fixed) == ["b'0@1 < $@0", "c'0@3 < $@0 b'0@1"])
    #expect(try drawn(.compact) == ["b'0@1 < $@0", "c'0@2 < $@0 b'0@1"])
  }

  @Test func onlyIsolatedModulesOfModelsWithoutBOSChange() throws {
    let schema = schema([text("a"), module("m", [text("b")]), module("n", attention: .isolated, [text("c")])])
    let before = try plan(schema, ByteTokenizer(beginOfSequence: nil)).encodings
    let after = try plan(schema, ByteTokenizer(beginOfSequence: nil, restToken: ByteTokenizer.rest)).encodings
    #expect(after.filter(\.isStored).map(\.digest).prefix(2) == before.map(\.digest).prefix(2))
    #expect(after.last?.digest != before.last?.digest)
    let begun = try plan(schema).encodings.map(\.digest)
    #expect(try plan(schema, ByteTokenizer(restToken: ByteTokenizer.rest)).encodings.map(\.digest) == begun)
    let plain = PMLCompilerTests.schema([text("a"), module("m", [text("b")])])
    let layout = try layout(plain, ByteTokenizer(beginOfSequence: nil, restToken: ByteTokenizer.rest))
    #expect(layout.restToken == nil)
  }

  // MARK: Schemas longer than the model's context

  private func problems(_ schema: Schema, contextLength: Int) throws -> [Diagnostic] {
    let tokenizer = ByteTokenizer(contextLength: contextLength)
    return try plan(schema, tokenizer).problems(within: tokenizer.contextLimits, sources: nil)
  }

  @Test func aCompactSchemaMayBeLongerThanTheContext() throws {
    let many = compact((0..<100).map { module("m\($0)", [text("12345")]) })
    #expect(try problems(many, contextLength: 6).isEmpty)
    #expect(try problems(many, contextLength: 5).count == 100)
  }

  @Test func whatDoesNotFitWithWhatItSeesIsNamed() throws {
    let schema = compact(
      [
        text("abc"), module("m", [text("1234"), module("n", [text("56")])]),
        module("o", attention: .isolated, [text("1234567")]), module("p", attention: .isolated, [text("12345678")]),
        module("q", [text("12")]),
      ], scaffolds: [["q", "o"]])
    let found = try problems(schema, contextLength: 8)
    #expect(found.map(\.code.rawValue) == Array(repeating: "PML405", count: 3))
    #expect(
      found.map(\.message) == [
        "a text of module `m/n` has 2 tokens, behind 8 tokens that it sees while it is encoded; the model has 8 positions",
        "a text of module `p` has 8 tokens, behind 1 token that it sees while it is encoded; the model has 8 positions",
        "a text of module `q` has 2 tokens, behind 11 tokens that it sees while it is encoded with `o`, `q`; "
          + "the model has 8 positions",
      ])
  }

  @Test func whatCannotBeCountedIsRefused() throws {
    var diagnostics: [Diagnostic] = []
    let huge = compact([module("m", [parameter("p", length: .max), parameter("q", length: .max), text("x")])])
    let layout = SchemaLayout(of: huge, tokenizer: ByteTokenizer(), sources: nil, diagnostics: &diagnostics)
    #expect(layout == nil)
    #expect(diagnostics.map(\.code.rawValue) == ["PML406"])
  }
}
