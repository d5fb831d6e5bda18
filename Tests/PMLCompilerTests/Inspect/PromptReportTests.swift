import Foundation
import PMLCompiler
import Testing

/// What a prompt is made of, as `inspect` shows it.
@Suite struct PromptReportTests {
  private func report(
    _ schemaText: String, _ promptText: String, template: ChatTemplate = .marked, contextLength: Int = 4_096
  ) throws -> PromptReport {
    let schema = try lowered(schemaText, template: template)
    let tokenizer = ByteTokenizer(contextLength: contextLength)
    let source = SourceFile(path: "p.pml", text: promptText)
    let compilation = PML.compilePrompt(source, schema: schema, template: template)
    let prompt = try #require(compilation.prompt, "\(compilation.diagnostics)")
    let plan = try plan(schema, tokenizer)
    var diagnostics: [Diagnostic] = []
    let layout = PromptLayout(
      of: prompt, in: source.path, plan: plan, tokenizer: tokenizer, template: template, diagnostics: &diagnostics)
    return PromptReport(
      of: "p.pml", try #require(layout, "\(diagnostics)"), schema: schema, plan: plan, template: template,
      tokenizer: tokenizer, model: ("m", contextLength), decode: { $0.spelled })
  }

  @Test func whatStandsWhere() throws {
    let report = try report(
      """
      <schema name="s" positions="fixed"><system>Hi.</system><module name="a">aaaa</module>\
      <module name="b" attention="isolated">b<parameter name="n" length="4"/>b</module>\
      <module name="c" cache="false">ccc</module></schema>
      """, #"<prompt schema="s"><b n="22"/><c/><user>Why?</user></prompt>"#)
    #expect(
      report.text == """
        p.pml of s: 32 tokens, 13 cached, 19 computed
        38 positions of the 4096 that m has, 6 of them empty; 4058 left for the answer

        positions  turn       part               tokens  cached  computed
        0          –          (schema)                1       1         –
        1–10       system     (schema)               10      10         –
        11–14                 (empty)
        15         –          b                       1       1         –
        16–17      –          b {n}                   2       –         2
        18–19                 (empty)
        20         –          b                       1       1         –
        21–23      –          c                       3       –         3
        24–34      user       (new text)             11       –        11
        35–37      assistant  (answer's header)       3       –         3

        """)
  }

  /// Turns are told by what the template puts around them: a user's may have no prefix right behind a system's, and none is
  /// taken for one where other text stands there.
  @Test func turns() throws {
    let schema = """
      <schema name="s"><system>Hi.</system><user>One <module name="a">two</module></user><module name="b">three</module>\
      </schema>
      """
    let prompt = #"<prompt schema="s"><a/><b/><user>4</user><assistant>5</assistant><user>6</user></prompt>"#
    let told = try report(schema, prompt).parts.map { "\($0.turn?.rawValue ?? "-"): \($0.tokens.spelled)" }
    #expect(
      told == [
        "-: ^", "system: <S>Hi.</S>", "user: One ", "user: two", "user: </U>", "-: three", "user: <U>4</U>",
        "assistant: <A>5</A>", "user: <U>6</U>", "assistant: <A>",
      ])
    let other = try report(
      #"<schema name="s"><system>Hi.</system><module name="b">three</module></schema>"#,
      #"<prompt schema="s"><b/><user>4</user></prompt>"#)
    #expect(other.parts.map { $0.turn } == [nil, .system, nil, .user, .assistant])
  }

  /// Where the turns of several roles begin alike, what ends them tells.
  @Test func turnsThatBeginAlike() throws {
    let template = ChatTemplate(
      system: .init("<U>", "\n"), user: .init("<U>", "</U>"), assistant: .init("<A>", "</A>"), header: "<A>",
      userAfterSystem: .init("", "</U>"))
    let report = try report(
      #"<schema name="s"><system>Hi.</system><module name="b">three</module></schema>"#,
      #"<prompt schema="s"><b/><user>4</user></prompt>"#, template: template)
    #expect(report.parts.map { $0.turn } == [nil, .system, nil, .user, .assistant])
  }

  @Test func asJSON() throws {
    let report = try report(
      #"<schema name="s"><module name="a">aa</module></schema>"#, #"<prompt schema="s"><a/>?</prompt>"#)
    let json = try #require(try JSONSerialization.jsonObject(with: Data(report.json)) as? [String: Any])
    #expect(json["length"] as? Int == 4 && json["tokens"] as? Int == 4 && json["cached_tokens"] as? Int == 3)
    let parts = try #require(json["parts"] as? [[String: Any]])
    #expect(parts.map { $0["text"] as? String } == ["^", "aa", "?"])
    #expect(parts.map { $0["path"] as? String } == ["", "a", nil])
    #expect(parts.map { $0["kind"] as? String } == ["text", "text", "new"])
    #expect(parts.map { $0["computed"] as? Int } == [0, 0, 1])
  }

  /// Plain inference has no gaps: only the tokens have to fit.
  @Test(arguments: [(PromptLengthRule.placed, false), (.plain, true)])
  func theBaselineIsJudgedByItsOwnPositions(_ rule: PromptLengthRule, fits: Bool) throws {
    let text = String(repeating: "a", count: 60)
    let schema = try lowered(
      "<schema name='s' positions='fixed'><module name='a'>\(text)</module><module name='b'>bb</module></schema>")
    let tokenizer = ByteTokenizer(contextLength: 64)
    let source = SourceFile(path: "p.pml", text: "<prompt schema='s'><b/>?</prompt>")
    let prompt = try #require(PML.compilePrompt(source, schema: schema, template: .none).prompt)
    var diagnostics: [Diagnostic] = []
    let layout = PromptLayout(
      of: prompt, in: source.path, plan: try plan(schema, tokenizer), tokenizer: tokenizer, template: .none,
      lengthRule: rule, diagnostics: &diagnostics)
    #expect((layout != nil) == fits)
    #expect(diagnostics.map(\.code.rawValue) == (fits ? [] : ["PML413"]))
  }
}
