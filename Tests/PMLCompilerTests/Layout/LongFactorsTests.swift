import PMLCompiler
import Testing

/// A model with LongRoPE takes one list of factors for all of a schema's encodings and prompts.
@Suite struct LongFactorsTests {
  private let tokenizer = ByteTokenizer(contextLength: 8_192, originalContextLength: 2_048)
  private let template = ChatTemplate(
    system: .init("", ""), user: .init("", ""), assistant: .init("", ""), header: "")

  /// A schema that takes so many positions, BOS among them.
  private func schema(of positions: Int) -> Schema {
    PMLCompilerTests.schema([text(String(repeating: "a", count: positions - 1))])
  }

  @Test func theLongOnesAreTakenWhereAnAnswerMayPassTheOriginalLength() throws {
    let short = try layout(schema(of: 1_024), tokenizer)
    let long = try layout(schema(of: 1_025), tokenizer)
    #expect(!short.isExtended)
    #expect(long.isExtended)
    #expect(try !layout(schema(of: 4_000), ByteTokenizer()).isExtended)
  }

  @Test func digestsTellThemApart() throws {
    let long = EncodingPlan(of: try layout(schema(of: 1_025), tokenizer))
    let plain = EncodingPlan(of: try layout(schema(of: 1_025), ByteTokenizer()))
    #expect(long.encodings.count == plain.encodings.count)
    for (one, other) in zip(long.encodings, plain.encodings) { #expect(one.digest != other.digest) }
    let short = EncodingPlan(of: try layout(schema(of: 1_024), tokenizer))
    let same = EncodingPlan(of: try layout(schema(of: 1_024), ByteTokenizer()))
    #expect(short.encodings.map(\.digest) == same.encodings.map(\.digest))
  }

  @Test func aCompiledSchemaKeepsTheChoice() throws {
    for positions in [1_024, 1_025] {
      let schema = schema(of: positions)
      let compiled = CompiledSchema(schema: schema, template: template, layout: try layout(schema, tokenizer))
      let read = try CompiledSchema(decoding: compiled.encoded)
      #expect(read.layout == compiled.layout)
      #expect(read.layout.isExtended == (positions > 1_024))
      #expect(String(decoding: compiled.encoded, as: UTF8.self).contains("extended") == (positions > 1_024))
    }
  }

  @Test(arguments: [(1_000, 1_047, true), (1_000, 1_048, false), (1_025, 7_166, true), (1_025, 7_167, false)])
  func promptsFitWhatTheFactorsServe(positions: Int, new: Int, fits: Bool) throws {
    let plan = EncodingPlan(of: try layout(schema(of: positions), tokenizer))
    let newText = Prompt.NewText(
      place: .end, runs: [TextRun(String(repeating: "b", count: new))], range: range(80))
    let prompt = Prompt(schema: "s", imports: [], newText: [newText], endsWithUserTurn: false)
    var diagnostics: [Diagnostic] = []
    let found = PromptLayout(
      of: prompt, in: "p.pml", plan: plan, tokenizer: tokenizer, template: template, diagnostics: &diagnostics)
    #expect((found != nil) == fits)
    #expect(found?.isExtended ?? (positions > 1_024) == (positions > 1_024))
    #expect(diagnostics.map(\.code.rawValue) == (fits ? [] : ["PML413"]))
    if positions == 1_000, !fits {
      #expect(diagnostics.first?.message.contains("states are made for texts of up to 2048") == true)
    }
  }
}
