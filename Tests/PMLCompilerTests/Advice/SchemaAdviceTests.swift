import PMLCompiler
import Testing

/// What is said of designs that cost models which were not trained for them: a token is a byte.
struct SchemaAdviceTests {
  /// Code and characters of each piece of advice.
  private func advice(
    _ text: String, template: ChatTemplate = .none, includes: FakeIncludes = FakeIncludes(),
    _ location: SourceLocation = #_sourceLocation
  ) throws -> [String] {
    try diagnostics(text, template: template, includes: includes, location).map {
      "\($0.code.rawValue) \($0.text(in: SourceFile(path: "schema.pml", text: text)))"
    }
  }

  private func diagnostics(
    _ text: String, template: ChatTemplate = .none, includes: FakeIncludes = FakeIncludes(),
    _ location: SourceLocation = #_sourceLocation
  ) throws -> [Diagnostic] {
    let compilation = compileSchema(text, template: template, includes: includes)
    let schema = try #require(compilation.schema, sourceLocation: location)
    var problems: [Diagnostic] = []
    let layout = try #require(
      SchemaLayout(
        of: schema, tokenizer: ByteTokenizer(contextLength: 1 << 20), sources: compilation.sourceMap,
        diagnostics: &problems),
      sourceLocation: location)
    let found = layout.advice(on: schema, sources: compilation.sourceMap)
    #expect(found.allSatisfy { $0.severity == .warning }, sourceLocation: location)
    return found.inSourceOrder()
  }

  private func schema(_ content: String, _ attributes: String = "") -> String {
    "<schema name=\"s\"\(attributes)>\(content)</schema>"
  }

  // Text behind modules

  @Test(arguments: [
    // At the end of the schema, of a role, of a module.
    ("One.<module name=\"a\">x</module> End.", ["PML453 End."]),
    ("<system>One.<module name=\"a\">x</module> End.</system>", ["PML453 End."]),
    ("<module name=\"a\">x<module name=\"b\">y</module> End.</module>", ["PML453 End."]),
    // Once a scope, at the first.
    (
      "<module name=\"a\">x</module> First of the long texts.<module name=\"b\">y</module> End.",
      ["PML453 First of the long texts."]
    ),
    ("<module name=\"a\">x<module name=\"b\">y</module> In.</module> Out.", ["PML453 In.", "PML453 Out."]),
    // A heading of what follows; with nothing behind it, it is none.
    ("<module name=\"a\">x</module># B<module name=\"b\">y</module>", []),
    ("<module name=\"a\">x</module># B", ["PML453 # B"]),
    ("<module name=\"a\">x</module>More than sixteen.<module name=\"b\">y</module>", ["PML453 More than sixteen."]),
    // What says nothing: marks, a template's text, empty modules ahead.
    ("<module name=\"a\">x</module> --- ", []),
    ("<module name=\"a\"/>End.", []),
    ("Start.<module name=\"a\">x</module>", []),
    // Text of a module that is not kept sees all.
    ("<module name=\"a\" cache=\"false\">x<module name=\"b\">y</module> End.</module>", []),
    ("<module name=\"a\">x</module><module name=\"b\" cache=\"false\"> End.</module>", []),
    // Nobody sees text that is not kept.
    ("<module name=\"a\" cache=\"false\">x</module> End.", ["PML453 End."]),
    // Of a union it is its scaffold that is seen, unless the text is isolated.
    ("<union><module name=\"a\">x</module><module name=\"b\">y</module></union> End.", ["PML453 End."]),
    ("<union scaffold=\"a\"><module name=\"a\">x</module><module name=\"b\">y</module></union> End.", []),
    (
      "<module name=\"m\" attention=\"isolated\"><union scaffold=\"a\"><module name=\"a\" attention=\"context\">x</module>"
        + "<module name=\"b\" attention=\"context\">y</module></union> End.</module>", ["PML453 End."]
    ),
  ])
  func textBehindModulesDoesNotSeeThem(_ content: String, _ found: [String]) throws {
    #expect(try advice(schema(content)) == found)
  }

  @Test func aTemplatesTextIsNobodysAdvice() throws {
    #expect(try advice(schema("<system>One.<module name=\"a\">x</module></system>"), template: .marked) == [])
  }

  @Test func tokensOfAllTextsAreCounted() throws {
    let text = schema("<module name=\"a\">x</module>A text of 20 tokens.<module name=\"b\">y</module># C")
    let found = try diagnostics(text)
    #expect(
      found.map(\.message) == [
        "23 tokens of text behind module `a` are encoded without seeing it, since prompts may leave it out"
      ])
  }

  // Isolated modules

  @Test(arguments: [
    ("<module name=\"a\">Of a.<module name=\"b\" attention=\"isolated\">Of b.</module></module>", ["PML454 b"]),
    // What no text stands ahead of, or the schema's alone, may well be isolated.
    ("Schema.<module name=\"a\" attention=\"isolated\">Of a.</module>", []),
    (
      "<module name=\"a\"><module name=\"b\" attention=\"isolated\">Of b.</module>Of a, which is longer.</module>",
      ["PML453 Of a, which is longer."]
    ),
    // Not its text that is kept, or no text of its own.
    ("<module name=\"a\">Of a.<module name=\"b\" attention=\"isolated\" cache=\"false\">Of b.</module></module>", []),
    (
      "<module name=\"a\" cache=\"false\">Of a.<module name=\"b\" attention=\"isolated\">Of b.</module></module>", []
    ),
    (
      "<module name=\"a\">Of a.<module name=\"b\" attention=\"isolated\"><module name=\"c\" attention=\"context\">Of c."
        + "</module></module></module>", []
    ),
    // In the middle of a sentence.
    ("Answer <module name=\"a\" attention=\"isolated\">in French.</module>", ["PML454 a"]),
    ("Answer,<module name=\"a\" attention=\"isolated\"> briefly.</module>", ["PML454 a"]),
    ("Answer. <module name=\"a\" attention=\"isolated\">in French.</module>", []),
    ("Answer <module name=\"a\" attention=\"isolated\">In French.</module>", []),
    ("Answer <module name=\"a\" attention=\"isolated\">\n\nin French.</module>", []),
    ("Answer <module name=\"a\">in French.</module>", []),
  ])
  func isolatedModulesMayNeedWhatTheyDoNotSee(_ content: String, _ found: [String]) throws {
    #expect(try advice(schema(content)) == found)
  }

  @Test func inheritedIsolationIsSaidOnce() throws {
    let nested = { (name: String) in "<module name=\"\(name)\">Text.<module name=\"n\">More.</module></module>" }
    let text = schema(nested("a") + nested("b") + nested("c"), " attention=\"isolated\"")
    let found = try diagnostics(text)
    #expect(found.count == 1)
    #expect(found.first?.message.contains("module `a/n` is isolated") == true)
    #expect(found.first?.message.hasSuffix("; neither do 2 other modules") == true)
    // Each says it for itself here.
    let own = schema(
      (nested("a") + nested("b")).replacing("name=\"n\"", with: "name=\"n\" attention=\"isolated\""))
    #expect(try advice(own) == ["PML454 n", "PML454 n"])
  }

  // Fixed positions

  private static let fixed = " positions=\"fixed\""

  @Test(arguments: [
    ("scaffold=\"ab\"", ["PML455 4"]), ("default=\"ab\"", ["PML455 4"]),
    ("scaffold=\"abcd\" default=\"abc\"", ["PML455 4"]), ("scaffold=\"abcd\"", []),
    ("scaffold=\"abcd\" default=\"1234\"", []), ("", []),
  ])
  func slackLeavesPositionsEmpty(_ attributes: String, _ found: [String]) throws {
    let content = "<module name=\"a\">x<parameter name=\"p\" length=\"4\" \(attributes)/></module>"
    #expect(try advice(schema(content, Self.fixed)) == found)
    #expect(try advice(schema(content)) == [])
  }

  @Test func gapsAreSaidOnceASchema() throws {
    let module = { (name: String, length: Int) in
      "<module name=\"\(name)\">\(String(repeating: "x", count: length))</module>"
    }
    let text = schema("Text." + module("a", 60) + module("b", 90) + module("c", 9), Self.fixed)
    let found = try diagnostics(text)
    #expect(
      found.map { "\($0.code.rawValue) \($0.message)" }
        == ["PML456 prompts that leave modules out have up to 150 empty positions ahead of module `c`"])
    #expect(try advice(schema(module("a", 99) + module("b", 130), Self.fixed)) == [])
    // What is certain to be there leaves no gap.
    let long = String(repeating: "x", count: 120)
    let nested = schema("<module name=\"a\">\(long)<module name=\"b\">y</module></module>", Self.fixed)
    #expect(try advice(nested) == [])
    #expect(try advice(text.replacing(Self.fixed, with: "")) == [])
  }

  @Test func unevenUnionsLeaveGapsUnlessNothingFollows() throws {
    let long = String(repeating: "x", count: 120)
    let union = "<union><module name=\"a\">x</module><module name=\"b\">\(long)</module></union>"
    #expect(try advice(schema(union, Self.fixed)) == [])
    #expect(try advice(schema(union + "<module name=\"c\">y</module>", Self.fixed)) == ["PML456 s", "PML457 union"])
    let even = union.replacing(">x<", with: ">\(long.dropLast(99))<")
    #expect(try advice(schema(even + "<module name=\"c\">y</module>", Self.fixed)) == ["PML456 s"])
  }

  @Test func longSchemasTakeLinearTime() throws {
    var content = "Of a."
    for index in 0..<5_000 {
      content += "<module name=\"m\(index)\" attention=\"isolated\">x<parameter name=\"p\" length=\"1\"/>y</module>"
    }
    let found = try diagnostics(schema("<module name=\"a\">\(content)</module>", Self.fixed))
    #expect(found.map(\.code.rawValue) == ["PML456", "PML454"])
  }
}
