import Foundation
import PMLCompiler
import TestSupport
import Testing

/// The grammar of a schema's prompts: other validators accept and refuse by it what the compiler does.
@Suite struct PromptGrammarTests {
  private static let schema = """
    <schema name="trip">
      Intro.
      <module name="plan">P<parameter name="days" length="8"/><parameter name="mood" length="4" default="glad"/>
        <module name="costs">C<parameter name="limit" length="2"/></module>
        <union><module name="car">c</module><module name="train">t<module name="seat">s</module></module></union>
        <module name="plan">again</module>
      </module>
      <user><union><module name="miami">m</module><module name="東京">p</module></union></user>
      <module name="notes">n</module>
    </schema>
    """

  private static let bodies = [
    "", "Q", " <!-- x --> ", "<notes/>", "<notes> </notes>Q", "<plan days='1'/>", "<plan/>",
    "<plan days='1' mood='x' x=''/>",
    "<plan days='1'><costs limit=''/><train><seat/></train></plan>",
    "<plan days='1'>\n<train/>\n<costs limit=''/><plan/></plan>",
    "<plan days='1'><car/><train/></plan>", "<plan days='1'><costs/></plan>", "<plan days='1'>text</plan>",
    "<plan days='1'><car/><car/></plan>",
    "<plan days='1'><seat/></plan>", "<costs limit='1'/>", "<miami/><東京/>", "<東京/>", "<notes/><notes/>", "<x/>",
    "<notes/><miami/><plan days='1'/>", "<notes/><miami/><plan days='1'/>Q", "<notes/>Q<miami/>", "Q<notes/><miami/>",
    "<plan days='1'/>Q<miami/>R<notes/>S", "Q<plan days='1'/><notes/>",
    "<user>Q</user><plan days='1'/><user>R</user><notes/><user xml:space='preserve'>S</user>",
    "<notes/><user>Q</user><miami/>", "<user><notes/></user>", "<user x=''>Q</user>",
    "<notes/> <miami/> <plan days='1'/> <user/>",
    "<module name='m'/>", "<notes xml:space='preserve'/>",
  ]

  private func compile(_ document: String, _ schema: Schema) -> PromptCompilation {
    PML.compilePrompt(SourceFile(path: "p", text: document), schema: schema, template: .none)
  }

  private func accepts(_ document: String, _ schema: Schema) -> Bool { compile(document, schema).prompt != nil }

  private func compare(_ documents: [String], for schema: Schema, by tool: ExternalTool, _ options: [String]) throws {
    let folder = try TemporaryFolder()
    let grammar = try folder.write(PML.promptGrammar(for: schema), to: "prompts.rng")
    let accepted = try tool.accepted(documents, arguments: options + [grammar])
    for (index, document) in documents.enumerated() {
      #expect(accepted.contains(index) == accepts(document, schema), "\(document)")
    }
  }

  private static var documents: [String] {
    bodies.map { "<prompt schema='trip'>\($0)</prompt>" }
      + [
        "<prompt schema='other'/>", "<prompt/>", "<prompt schema='trip' xml:space='preserve'> <notes/> </prompt>",
        "<schema name='trip'/>",
      ]
  }

  @Test(.enabled(if: ExternalTool.xmllint.isInstalled)) func xmllintAgrees() throws {
    try compare(Self.documents, for: lowered(Self.schema), by: .xmllint, ["--noout", "--relaxng"])
  }

  @Test(.enabled(if: ExternalTool.jing.isInstalled)) func jingAgrees() throws {
    try compare(Self.documents, for: lowered(Self.schema), by: .jing, [])
  }

  @Test(.enabled(if: ExternalTool.xmllint.isInstalled))
  func smallSchemasHaveGrammars() throws {
    for content in [
      "", "text", "<module name='a'>x</module>", "<union><module name='a'>x</module><module name='b'/></union>",
    ] {
      let documents = ["", "Q", "<a/>", "Q<a/>", "<a/>Q", "<a/><b/>", "<b/>"].map {
        "<prompt schema='s'>\($0)</prompt>"
      }
      try compare(
        documents, for: lowered("<schema name='s'>\(content)</schema>"), by: .xmllint, ["--noout", "--relaxng"])
    }
  }

  @Test(.enabled(if: ExternalTool.xmllint.isInstalled))
  func randomPromptsAreJudgedAlike() throws {
    var random = SplitMix(state: 7)
    let schema = try lowered(Self.schema)
    let pieces = [
      "<plan days='1'/>", "<plan days='1'><car/></plan>", "<plan mood=''/>", "<miami/>", "<東京/>", "<notes/>", "Q", " ",
      "<user>R</user>", "<car/>",
    ]
    let documents = (0..<300).map { _ in
      let count = Int.random(in: 0...5, using: &random)
      return
        "<prompt schema='trip'>\((0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined())</prompt>"
    }
    #expect(documents.count { accepts($0, schema) } > 30)
    try compare(documents, for: schema, by: .xmllint, ["--noout", "--relaxng"])
  }

  /// Schemas and prompts of all kinds, half of the prompts with something wrong in them.
  @Test(.enabled(if: ExternalTool.xmllint.isInstalled), arguments: 0..<60 as Range<UInt64>)
  func randomSchemasJudgeTheirPromptsAlike(_ seed: UInt64) throws {
    let schema = RandomSchema.schema(seed: seed)
    var documents: [String] = []
    for prompt in 0..<40 as Range<UInt64> {
      let document = RandomPrompt.text(for: schema, seed: seed * 1_000 + prompt)
      // One that is not well-formed is not judged by a grammar.
      let problems = compile(document, schema).diagnostics
      if !problems.contains(where: { $0.code.rawValue.hasPrefix("PML0") }) { documents.append(document) }
      if prompt % 2 == 0 { #expect(problems == [], "\(document)") }
    }
    #expect(documents.count > 30)
    try compare(documents, for: schema, by: .xmllint, ["--noout", "--relaxng"])
  }

  /// Lengths are the one thing that a grammar cannot know.
  @Test(.enabled(if: ExternalTool.xmllint.isInstalled)) func lengthsAreNoMatterOfGrammar() throws {
    let schema = try lowered("<schema name='s'><module name='m'>a<parameter name='p' length='1'/></module></schema>")
    try compare(
      ["<prompt schema='s'><m p='\(String(repeating: "long ", count: 100))'/></prompt>"], for: schema, by: .xmllint,
      ["--noout", "--relaxng"])
  }
}
