import PMLCompiler
import Testing

/// Where prompts of compact schemas stand: side by side.
struct CompactPromptTests {
  private let fixed = PromptLayoutTests()

  private static func compact(_ schema: Schema) -> Schema {
    Schema(
      name: schema.name, positions: .compact, attention: schema.attention, nodes: schema.nodes,
      scaffolds: schema.scaffolds)
  }

  @Test func whatIsNotImportedTakesNoPositions() throws {
    let travel = Self.compact(PromptLayoutTests.travel)
    #expect(try fixed.drawing(fixed.prompt([], [fixed.end("new")]), on: travel) == "^@0 ab@1 end@3 | 6:new | 9")
    #expect(
      try fixed.drawing(fixed.prompt([("x", [:])], [fixed.end("n", "ew")]), on: travel)
        == "^@0 ab@1 xx@3 end@5 | 8:new | 11")
  }

  @Test func argumentsTakeAsManyPositionsAsTheyHaveTokens() throws {
    let travel = Self.compact(PromptLayoutTests.travel)
    #expect(
      try fixed.drawing(fixed.prompt([("plan", ["days": "12"])], [fixed.end("q")]), on: travel)
        == "^@0 ab@1 in@3 go@8 end@10 | 5: 12 13:q | 14")
    #expect(
      try fixed.drawing(fixed.prompt([("plan", [:])], [fixed.end("q")]), on: travel)
        == "^@0 ab@1 in@3 go@7 end@9 | 5: 3 12:q | 13")
    let tight = Self.compact(schema([module("m", [text("a"), parameter("p", length: 9), text("z")]), text("t")]))
    #expect(
      try fixed.drawing(fixed.prompt([("m", ["p": ""])], [fixed.end("q")]), on: tight) == "^@0 a@1 z@2 t@3 | 4:q | 5")
    let (_, _, found) = try fixed.lay(fixed.prompt([("m", ["p": "0123456789"])]), on: tight)
    #expect(found.map(\.code.rawValue) == ["PML411"])
  }

  @Test func newTextStandsBehindTheReferenceBeforeIt() throws {
    let gaps = Self.compact(PromptLayoutTests.gaps)
    #expect(
      try fixed.drawing(
        fixed.prompt([("a", [:]), ("c", [:])], [fixed.before("c", after: "a", "new"), fixed.end("q")]), on: gaps)
        == "^@0 s@1 aa@2 c@7 t@8 | 4:new 9:q | 10")
    #expect(
      try fixed.drawing(
        fixed.prompt([("a", [:]), ("a/n", [:]), ("c", [:])], [fixed.before("c", after: "a", "new"), fixed.end("q")]),
        on: gaps)
        == "^@0 s@1 aa@2 nnn@4 c@10 t@11 | 7:new 12:q | 13")
    #expect(
      try fixed.drawing(fixed.prompt([("b", [:])], [fixed.before("b", "123456")]), on: gaps)
        == "^@0 s@1 bbb@8 | 2:123456 11:t | 12")
    // The schema's text ahead of `d` follows the new text, as what is fixed does.
    #expect(
      try fixed.drawing(fixed.prompt([("c", [:]), ("d", [:])], [fixed.before("d", after: "c", "1")]), on: gaps)
        == "^@0 s@1 c@2 t@4 | 3:1 5:d | 6")
    let empty = Self.compact(schema([module("a", [module("n", [text("1")])]), module("b", [text("b")])]))
    #expect(
      try fixed.drawing(
        fixed.prompt(
          [("a", [:]), ("b", [:])], [fixed.before("a", "xx"), fixed.before("b", after: "a", "yy"), fixed.end("q")]),
        on: empty)
        == "^@0 b@5 | 1:xxyy 6:q | 7")
  }

  @Test func whateverElseASchemaHasMattersToNoPrompt() throws {
    func drawn(_ first: [Schema.Node], _ second: [Schema.Node], _ length: Int) throws -> String {
      let schema = Self.compact(
        schema(
          [text("s")] + first + [module("a", [text("aa"), parameter("p", length: length)])] + second + [text("t")]))
      let references = [("a", ["p": "x"])]
      let prompt = fixed.prompt(references, [fixed.before("a", "n"), fixed.end("q")], userTurn: true)
      let (found, plan, _) = try fixed.lay(prompt, on: schema)
      let layout = try #require(found)
      let states = layout.cached.map { use in
        let encoding = plan.encodings[use.encoding]
        return "\(encoding.digest) \(encoding.start) \(use.place) \(use.count)"
      }
      return "\(states) \(layout.computed.map { [Int($0.token), $0.position] }) \(layout.nextPosition)"
    }
    let alone = try drawn([], [], 1)
    let long = String(repeating: "long ", count: 1_000)
    #expect(try drawn([module("b", [text(long)])], [], 1) == alone)
    #expect(try drawn([union([member("c", [text(long)]), member("d", [])])], [module("b", [text("b")])], 900) == alone)
  }
}
