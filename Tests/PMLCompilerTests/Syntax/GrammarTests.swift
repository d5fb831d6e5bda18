import Foundation
import PMLCompiler
import TestSupport
import Testing

/// What may stand where. Each document goes through the compiler, and through `xmllint` and `jing` with the grammar that
/// ships: all three agree.
@Suite struct GrammarTests {
  static let accepted = [
    "<schema name='s'/>",
    "<schema name='s' attention='isolated' xml:space='preserve'>text</schema>",
    "<schema name='s' positions='compact'/>", "<schema positions='fixed' name='s'>text</schema>",
    "<schema name='s'> <!-- x --> <?x y?> <![CDATA[x]]> </schema>",
    "<schema name='東京'><module name='unit.py'>a</module><module name='task-1'>a</module></schema>",
    "<schema name='s'><module name='_' cache='false' src='a' attention='context' xml:space='default'/></schema>",
    "<schema name='s'><module name='m'><module name='n'><union><module name='o'>a</module></union></module></module></schema>",
    "<schema name='s'><union scaffold='a'><module name='a'>a</module> <!-- x --> <module name='b'>b</module></union></schema>",
    "<schema name='s'><module name='m'><parameter name='p' length='1'/><param name='q' len='007' scaffold='' default='x'/></module></schema>",
    "<schema name='s'><module name='m'><parameter name='p' length='999999999'> <!-- x --> </parameter></module></schema>",
    "<schema name='s'><system>a<module name='m'>b</module><union><module name='n'>c</module></union></system></schema>",
    "<schema name='s'><module name='m'><user xml:space='preserve'><parameter name='p' length='1'/></user><assistant/></module></schema>",
    "<schema name='s'><union><module name='m'><user>a</user></module><module name='n'/></union></schema>",
    "<schema name='s'><module name='a'>x</module><module name='b'><module name='c'>x</module></module><scaffold modules='a b/c'/></schema>",
    "<schema name='s'><module name='a'>x</module><module name='b'>x</module><scaffold modules='&#10;a&#9; b '> </scaffold></schema>",
    "<schema name='s'><module name='reference'>x</module><module name='XML'>x</module></schema>",
    "<schema name='s'><module name='m'><parameter name='schema' length='1'/></module></schema>",
    "<schema name='s'><library name='l' window='1'/></schema>",
    "<schema name='s'>a<library name='l' window='010' xml:space='preserve'><!-- x --> <module name='a'>b<![CDATA[<c>]]></module>\n</library></schema>",
    "<schema name='s'><user><library name='l' window='9'><module name='a' src='x' attention='isolated' cache='true' xml:space='default'/></library></user></schema>",
  ]

  static let refused =
    [
      "<schema/>",
      "<schema name=''/>", "<schema name='1'/>", "<schema name='a b'/>", "<schema name='a:b'/>", "<schema name=' a'/>",
      "<schema name='s' attention='none'/>", "<schema name='s' xml:space='keep'/>", "<schema name='s' cache='true'/>",
      "<schema name='s' xml:lang='en'/>",
      "<schema name='s' positions='loose'/>", "<schema name='s' positions=''/>",
      "<schema name='s'><module name='m' positions='fixed'/></schema>",
      "<schema name='s'><module/></schema>", "<schema name='s'><module name='m' cache='no'/></schema>",
      "<schema name='s'><modul name='m'/></schema>",
      "<schema name='s'><module name='module'>a</module></schema>",
      "<schema name='s'><module name='param'>a</module></schema>",
      "<schema name='s'><module name='prompt'>a</module></schema>",
      "<schema name='s'><module name='xmlfoo'>a</module></schema>",
      "<schema name='s'><parameter name='p' length='1'/></schema>",
      "<schema name='s'><system><parameter name='p' length='1'/></system></schema>",
      "<schema name='s'><union/></schema>", "<schema name='s'><union>a<module name='m'>a</module></union></schema>",
      "<schema name='s'><union>a</union></schema>",
      "<schema name='s'><union><union><module name='m'/></union></union></schema>",
      "<schema name='s'><union><user>a</user></union></schema>",
      "<schema name='s'><union xml:space='preserve'><module name='m'>a</module></union></schema>",
      "<schema name='s'><user><system>a</system></user></schema>",
      "<schema name='s'><user><module name='m'><user>a</user></module></user></schema>",
      "<schema name='s'><module name='a'><user><union><module name='m'><user>a</user></module></union></user></module></schema>",
      "<schema name='s'><user name='u'>a</user></schema>",
      "<schema name='s'><module name='m'><scaffold modules='a b'/></module></schema>",
      "<schema name='s'><user><scaffold modules='a b'/></user></schema>",
      "<schema name='s'><scaffold modules='a'/></schema>", "<schema name='s'><scaffold modules='a /b'/></schema>",
      "<schema name='s'><scaffold/></schema>", "<schema name='s'><scaffold modules='a b'>c</scaffold></schema>",
      "<schema name='s'><module name='m'><parameter name='p'/></module></schema>",
      "<schema name='s'><module name='m'><parameter name='p' length='1' len='1'/></module></schema>",
      "<schema name='s'><module name='m'><parameter length='1'/></module></schema>",
      "<schema name='s'><module name='m'><parameter name='xmlp' length='1'/></module></schema>",
      "<schema name='s'><module name='m'><parameter name='p' length='1'>a</parameter></module></schema>",
      "<schema name='s'><module name='m'><parameter name='p' length='1'><module name='n'/></parameter></module></schema>",
      "<schema name='s'><library name='l'/></schema>", "<schema name='s'><library window='9'/></schema>",
      "<schema name='s'><library name='l' window='0'/></schema>",
      "<schema name='s'><library name='l' window='9' attention='isolated'/></schema>",
      "<schema name='s'><library name='l' window='9'>a</library></schema>",
      "<schema name='s'><library name='library' window='9'/></schema>",
      "<schema name='s'><module name='library'>a</module></schema>",
      "<schema name='s'><library name='l' window='9'><union><module name='a'/></union></library></schema>",
      "<schema name='s'><library name='l' window='9'><user>a</user></library></schema>",
      "<schema name='s'><library name='l' window='9'><module>a</module></library></schema>",
      "<schema name='s'><library name='l' window='9'><module name='a' attention='context'>a</module></library></schema>",
      "<schema name='s'><library name='l' window='9'><module name='a' cache='false'>a</module></library></schema>",
      "<schema name='s'><library name='l' window='9'><module name='a'><module name='b'/></module></library></schema>",
      "<schema name='s'><library name='l' window='9'><module name='a'><user>a</user></module></library></schema>",
      "<schema name='s'><library name='l' window='9'><module name='a'><parameter name='p' length='1'/></module></library></schema>",
      "<schema name='s'><module name='m'><library name='l' window='9'/></module></schema>",
      "<schema name='s'><module name='m'><user><library name='l' window='9'/></user></module></schema>",
      "<schema name='s'><union><library name='l' window='9'/></union></schema>",
      "<schema name='s'><library name='l' window='9'><library name='k' window='9'/></library></schema>",
      "<schema name='s'><prompt schema='s'/></schema>", "<schema name='s'><schema name='t'/></schema>",
    ]
    + ["0", "-1", "+1", "1.0", "", " 1", "1e3", "1000000000", "x", "١"].map {
      "<schema name='s'><module name='m'><parameter name='p' length='\($0)'/></module></schema>"
    }

  static let acceptedPrompts = [
    "<prompt schema='s'/>", "<prompt schema='s' xml:space='preserve'> text </prompt>",
    "<prompt schema='s'>a<m/>b<m x='1' y=''><n> <!-- x --> <o z='&lt;'/></n></m>c<user xml:space='default'>d</user></prompt>",
    "<prompt schema='s'><system/><user>a</user><assistant>b</assistant></prompt>",
    "<prompt schema='s'><reference reference='x'/><東京/></prompt>",
  ]

  static let refusedPrompts = [
    "<prompt/>", "<prompt schema='s' name='p'/>", "<prompt schema='a b'/>", "<prompt schema='s'><m>text</m></prompt>",
    "<prompt schema='s'><m><n>text</n></m></prompt>", "<prompt schema='s'><m><user/></m></prompt>",
    "<prompt schema='s'><user><m/></user></prompt>", "<prompt schema='s'><user><user/></user></prompt>",
    "<prompt schema='s'><user name='x'>a</user></prompt>", "<prompt schema='s'><module name='m'/></prompt>",
    "<prompt schema='s'><m xml:space='preserve'/></prompt>", "<prompt schema='s'><m><param/></m></prompt>",
    "<prompt schema='s'><prompt schema='s'/></prompt>", "<prompt schema='s' xml:space='x'/>",
  ]

  private func grammarCodes(_ diagnostics: [Diagnostic]) -> [String] {
    diagnostics.map(\.code.rawValue).filter { $0.hasPrefix("PML1") }
  }

  private func schemaCodes(_ document: String) -> [String] {
    grammarCodes(compileSchema(document, includes: FakeIncludes(["a": "x"])).diagnostics)
  }

  private func promptCodes(_ document: String) -> [String] {
    let schema = Schema(name: "s", attention: .context, nodes: [])
    return grammarCodes(
      PML.compilePrompt(SourceFile(path: "p", text: document), schema: schema, template: .none).diagnostics)
  }

  @Test func theCompilerTakesWhatTheGrammarAllows() {
    for document in Self.accepted { #expect(schemaCodes(document) == [], "\(document)") }
    for document in Self.acceptedPrompts { #expect(promptCodes(document) == [], "\(document)") }
  }

  @Test func theCompilerRefusesWhatTheGrammarRefuses() {
    // PML199 would mean that the compiler's own check had nothing to say.
    for document in Self.refused {
      let codes = schemaCodes(document)
      #expect(!codes.isEmpty && !codes.contains("PML199"), "\(document)")
    }
    for document in Self.refusedPrompts {
      let codes = promptCodes(document)
      #expect(!codes.isEmpty && !codes.contains("PML199"), "\(document)")
    }
  }

  @Test(.enabled(if: ExternalTool.xmllint.isInstalled))
  func xmllintAgrees() throws {
    let arguments = ["--noout", "--relaxng", Repository.path("grammar/pml.rng")]
    try expectAgreement { try ExternalTool.xmllint.accepted($0, arguments: arguments) }
  }

  @Test(.enabled(if: ExternalTool.jing.isInstalled), arguments: [["grammar/pml.rng"], ["-c", "grammar/pml.rnc"]])
  func jingAgrees(_ arguments: [String]) throws {
    let arguments = arguments.dropLast() + [Repository.path(arguments.last ?? "")]
    try expectAgreement { try ExternalTool.jing.accepted($0, arguments: Array(arguments)) }
  }

  private func expectAgreement(_ accepted: ([String]) throws -> Set<Int>) throws {
    let good = Self.accepted + Self.acceptedPrompts
    let found = try accepted(good + Self.refused + Self.refusedPrompts)
    for index in good.indices where !found.contains(index) { Issue.record("refused: \(good[index])") }
    let bad = Self.refused + Self.refusedPrompts
    for index in bad.indices where found.contains(index + good.count) { Issue.record("accepted: \(bad[index])") }
  }

  /// What XSD cannot say.
  private static let beyondXSD: Set<String> = [
    "<schema name='s'><module name='module'>a</module></schema>",
    "<schema name='s'><module name='param'>a</module></schema>",
    "<schema name='s'><module name='prompt'>a</module></schema>",
    "<schema name='s'><module name='xmlfoo'>a</module></schema>",
    "<schema name='s'><module name='m'><parameter name='p'/></module></schema>",
    "<schema name='s'><module name='m'><parameter name='p' length='1' len='1'/></module></schema>",
    "<schema name='s'><module name='m'><parameter name='xmlp' length='1'/></module></schema>",
    "<schema name='s'><module name='library'>a</module></schema>",
    "<schema name='s'><library name='library' window='9'/></schema>",
  ]

  @Test(.enabled(if: ExternalTool.xmllint.isInstalled))
  func theXSDAgreesAsFarAsItCan() throws {
    let arguments = ["--noout", "--nonet", "--schema", Repository.path("grammar/pml.xsd")]
    let documents = Self.accepted + Self.refused
    let accepted = try ExternalTool.xmllint.accepted(documents, arguments: arguments)
    for (index, document) in documents.enumerated() {
      let expected = index < Self.accepted.count || Self.beyondXSD.contains(document)
      #expect(accepted.contains(index) == expected, "\(document)")
    }
  }

  @Test(.enabled(if: ExternalTool.trang.isInstalled))
  func theTwoFormsAreOne() throws {
    let folder = try TemporaryFolder()
    let made = folder.path("made.rng")
    try ExternalTool.trang.run([Repository.path("grammar/pml.rnc"), made])
    let expected = try Repository.text("grammar/pml.rng")
    #expect(try String(contentsOfFile: made, encoding: .utf8) == expected)
  }
}
