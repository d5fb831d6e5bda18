import ContentHash
import FileSystem
import PMLCompiler
import TestSupport
import Testing

/// Libraries in the language: their modules, references to them, searches, and where they stand.
@Suite struct LibraryTests {
  private static let desk = """
    <schema name="desk">You answer.<library name="docs" window="40"><module name="a">Alpha one.</module>
    <module name="b"><![CDATA[<Beta> & two]]></module><module name="c" src="c.txt"> and more</module></library>\
    <module name="after">Be brief.</module></schema>
    """
  private static let includes = FakeIncludes(["c.txt": "From a file."])
  private let tokenizer = ByteTokenizer(restToken: ByteTokenizer.rest)

  private func desk(_ text: String = desk) throws -> (Schema, SourceLibraries) {
    let compilation = compileSchema(text, includes: Self.includes)
    #expect(compilation.diagnostics.filter { $0.severity == .error } == [])
    return (try #require(compilation.schema), compilation.libraries)
  }

  /// Where a prompt's parts stand, and what is computed.
  private func drawing(_ prompt: String, of text: String = desk) throws -> String {
    let (schema, libraries) = try desk(text)
    let source = SourceFile(path: "p.pml", text: "<prompt schema=\"desk\">\(prompt)</prompt>")
    let compilation = PML.compilePrompt(source, schema: schema, template: .none, libraries: libraries)
    #expect(compilation.diagnostics == [])
    let resolved = try #require(compilation.prompt)
    let plan = try plan(schema, tokenizer).importing(resolved, from: libraries, with: tokenizer)
    var problems: [Diagnostic] = []
    let layout = PromptLayout(
      of: resolved, in: "p.pml", plan: plan, tokenizer: tokenizer, template: .none, diagnostics: &problems)
    guard let layout else { return problems.map(\.code.rawValue).joined(separator: " ") }
    return layout.parts.map { "\($0.tokens.spelled)@\($0.start)\($0.encoding == nil ? "*" : "")" }
      .joined(separator: " | ")
  }

  /// What is odd in a file is said of a library's modules as of others.
  @Test func filesWithControlCharacters() throws {
    let text = #"<module name="m" src="odd.txt"/>"#
    for schema in [text, "<library name='docs' window='40'>\(text)</library>"] {
      let compilation = compileSchema(
        "<schema name='s'>\(schema)</schema>", includes: FakeIncludes(["odd.txt": "One.\nA bell: \u{7}"]))
      #expect(compilation.diagnostics.map(\.code.rawValue) == ["PML256"])
      #expect(compilation.diagnostics.first?.message.hasSuffix("U+0007 in line 2") == true)
    }
  }

  @Test func textsAreSettledAsElsewhere() throws {
    let (schema, libraries) = try desk()
    let library = try #require(schema.libraries.first)
    #expect((library.name, library.window, library.count) == ("docs", 40, 3))
    let texts = try libraries.documents(of: library).map { try libraries.runs(of: $0).map(\.text) }
    #expect(texts == [["Alpha one."], ["<Beta> & two"], ["From a file.", " and more"]])
    #expect(schema.sketch == "\"You answer.\" <docs 3/40> after(\"Be brief.\")")
  }

  @Test func theIdentityIsThatOfNamesAndTexts() throws {
    let first = try desk().0
    #expect(try desk(Self.desk.replacing("<!---->", with: "")).0 == first)
    #expect(try desk(Self.desk.replacing("Alpha one.", with: "Alpha<!-- x --> one.")).0 == first)
    for (old, new) in [("Alpha one.", "Alpha two."), ("name=\"b\"", "name=\"d\""), ("window=\"40\"", "window=\"41\"")] {
      #expect(try desk(Self.desk.replacing(old, with: new)).0.contentHash != first.contentHash)
    }
    let json = first.canonicalJSON
    #expect(try Schema(canonicalJSON: json) == first)
    #expect(String(decoding: json, as: UTF8.self).contains("\"count\":3"))
    #expect(!String(decoding: json, as: UTF8.self).contains("Alpha"))
  }

  @Test(arguments: [
    ("<docs/>Q", "^@0 | You answer.@1 | Q@12*"),
    ("<docs><a/></docs>Q", "^@0 | You answer.@1 | Alpha one.@12 | Q@22*"),
    ("<docs><b/><a/></docs>Q", "^@0 | You answer.@1 | <Beta> & two@12 | Alpha one.@24 | Q@34*"),
    ("<after/><docs><c/></docs>Q", "^@0 | You answer.@1 | From a file.@12 |  and more@24 | Be brief.@33 | Q@42*"),
    ("<docs><a/></docs> then <after/>Q", "^@0 | You answer.@1 | Alpha one.@12 |  then @22* | Be brief.@28 | Q@37*"),
    ("<docs><a/><b/><c/></docs>Q", "PML415"),
  ])
  func documentsStandInThePromptsOrder(_ prompt: String, _ drawing: String) throws {
    #expect(try self.drawing(prompt) == drawing)
  }

  @Test func inAFixedSchemaTheWindowKeepsItsPlace() throws {
    let fixed = Self.desk.replacing("name=\"desk\"", with: "name=\"desk\" positions=\"fixed\"")
    #expect(
      try drawing("<docs><b/><a/></docs><after/>Q", of: fixed)
        == "^@0 | You answer.@1 | <Beta> & two@12 | Alpha one.@24 | Be brief.@52 | Q@61*")
  }

  /// The encodings are those of isolated modules that say the same: a text moves between the two without new states.
  @Test(arguments: [true, false]) func encodingsAreThoseOfIsolatedModules(hasBOS: Bool) throws {
    var tokenizer = tokenizer
    if !hasBOS { tokenizer.beginOfSequence = nil }
    let (schema, libraries) = try desk()
    let layout = try plan(schema, tokenizer).layout
    var problems: [Diagnostic] = []
    let documents = try libraries.layOut(
      0, in: layout, tokenizer: tokenizer, memory: NoDocumentMemory(), diagnostics: &problems)
    #expect(problems == [])
    #expect(documents.map(\.tokenCount) == [10, 12, 21])
    let modules = try lowered(
      """
      <schema name="desk">You answer.<module name="x" attention="isolated">Alpha one.</module>\
      <module name="c" attention="isolated" src="c.txt"> and more</module></schema>
      """, includes: Self.includes)
    let plain = try plan(modules, tokenizer)
    let digests = plain.encodings.filter { $0.isIsolated && $0.isStored }.map(\.digest)
    #expect(documents[0].segments.map(\.digest) + documents[2].segments.map(\.digest) == digests)
    // The plan with documents has the same, wherever they stand.
    let imported = try plan(schema, tokenizer).importing([
      ImportedDocument(library: 0, name: "c", tokens: ["From a file.", " and more"].map(tokenizer.tokens(of:))),
      ImportedDocument(library: 0, name: "a", tokens: [tokenizer.tokens(of: "Alpha one.")]),
    ])
    #expect(
      imported.encodings.filter { $0.isIsolated && $0.isStored }.map(\.digest) == [digests[1], digests[2], digests[0]])
  }

  /// What stands behind a library sees the schema's text, and nothing of the library.
  @Test func nothingSeesALibrary() throws {
    let (schema, _) = try desk()
    let without = try lowered("<schema name=\"desk\">You answer.<module name=\"after\">Be brief.</module></schema>")
    #expect(
      Set(try plan(without, tokenizer).encodings.map(\.digest))
        .isSubset(of: try plan(schema, tokenizer).encodings.map(\.digest)))
  }

  @Test(arguments: [
    ("<docs><d/></docs>", ["PML302 d"]), ("<docs><a/><a/></docs>", ["PML306 a"]), ("<docs/><docs/>", ["PML306 docs"]),
    ("<a/>", ["PML303 a"]), ("<docs><a x=\"1\"/></docs>", ["PML304 x"]), ("<docs><a><b/></a></docs>", ["PML302 b"]),
    ("<docs count=\"1\"/>", ["PML304 count"]), ("<docs top=\"0\"/>Q", ["PML106 0"]),
    ("<docs top=\"-1\"/>Q", ["PML106 -1"]), ("<docs top=\"x\"/>Q", ["PML106 x"]),
    ("<docs top=\"2\" rank=\"random\"/>Q", ["PML106 random"]), ("<docs query=\"q\"/>Q", ["PML309 query"]),
    ("<docs rank=\"attention\"/>Q", ["PML309 rank"]), ("<docs top=\"2\"/>", ["PML310 docs"]),
    ("<docs top=\"2\" query=\"q\"/>", []), ("<docs top=\"2\" query=\"\" rank=\"bm25\"/>Q", []),
  ])
  func referencesAreResolved(_ prompt: String, _ found: [String]) throws {
    // Files of `src` are no matter here.
    let schema = Self.desk.replacing(" src=\"c.txt\"", with: "")
    #expect(try problems(ofPrompt: "<prompt schema=\"desk\">\(prompt)</prompt>", for: schema) == found)
  }

  @Test func aSearchIsByTheLastNewTextUnlessItSaysMore() throws {
    let schema = Self.desk.replacing(" src=\"c.txt\"", with: "")
    func searches(_ prompt: String) throws -> [Prompt.Search] {
      try resolved("<prompt schema=\"desk\">\(prompt)</prompt>", for: schema, template: .marked).searches
    }
    let found = try searches("<docs top=\"3\"><a/></docs> then <after/><user>Who &amp; why?</user>")
    #expect(found.map(\.query) == ["Who & why?"])
    #expect(found.map(\.count) == [3])
    #expect(found.map(\.rank) == [.bm25])
    #expect(
      try searches("<docs top=\"1\" query=\"other\" rank=\"attention\"/>Q").map { [$0.query, $0.rank.rawValue] }
        == [["other", "attention"]])
  }

  @Test(arguments: [
    ("<library name='docs' window='9'/><module name='docs'>x</module>", ["PML255", "PML201"]),
    ("<library name='docs' window='9'><module name='a'>x</module><module name='a'>y</module></library>", ["PML201"]),
    ("<library name='docs' window='9'><module name='a'/></library>", ["PML251"]),
    ("<library name='docs' window='9'><module name='a' src='../x'>y</module></library>", ["PML210"]),
    ("<library name='docs' window='9'><module name='a' src='none'>y</module></library>", ["PML211"]),
    (
      "<library name='docs' window='9'><module name='a'>x</module></library><module name='b'>y</module><scaffold modules='b docs/a'/>",
      ["PML204"]
    ),
    (
      "<library name='docs' window='9'><module name='a'>x</module></library><module name='b'>y</module><scaffold modules='b docs'/>",
      ["PML208"]
    ),
    ("<module name='docs'>x<library name='a' window='9'/></module>", ["PML102", "PML255"]),
    ("<library name='docs' window='9'><module name='a' attention='context'>x</module></library>", ["PML106"]),
  ])
  func schemasAreChecked(_ content: String, _ codes: [String]) {
    let found = compileSchema("<schema name='s'>\(content)</schema>").diagnostics
    #expect(found.map(\.code.rawValue) == codes)
  }

  @Test func oneThatChangedIsNotTakenForWhatItWas() throws {
    let compilation = compileSchema(Self.desk, includes: Self.includes)
    let library = try #require(compilation.schema?.libraries.first)
    let document = try #require(compilation.libraries.document("c", in: library))
    #expect(try compilation.libraries.runs(of: document).map(\.text) == ["From a file.", " and more"])
    let later = compileSchema(Self.desk, includes: FakeIncludes(["c.txt": "Another text."]))
    #expect(throws: LibraryFailure.self) { try later.libraries.runs(of: document) }
  }

  @Test func compiledSchemasTellTheirDocuments() throws {
    let (schema, libraries) = try desk()
    let layout = try plan(schema, tokenizer).layout
    var problems: [Diagnostic] = []
    var compiled = CompiledSchema(schema: schema, template: .none, layout: layout)
    let bare = compiled.encoded
    #expect(try CompiledSchema(decoding: bare) == compiled)
    compiled.documents = [
      try libraries.layOut(0, in: layout, tokenizer: tokenizer, memory: NoDocumentMemory(), diagnostics: &problems)
    ]
    let read = try CompiledSchema(decoding: compiled.encoded)
    #expect(read == compiled)
    let edited = String(decoding: compiled.encoded, as: UTF8.self).replacing("\"name\":\"b\"", with: "\"name\":\"z\"")
    #expect(throws: IRError.self) { try CompiledSchema(decoding: Array(edited.utf8)) }
  }

  @Test func anEditTouchesOneDocument() throws {
    func documents(_ text: String) throws -> [(library: String, documents: [LibraryDocument])] {
      let (schema, libraries) = try desk(text)
      var problems: [Diagnostic] = []
      let layout = try plan(schema, tokenizer).layout
      return [
        (
          "docs",
          try libraries.layOut(0, in: layout, tokenizer: tokenizer, memory: NoDocumentMemory(), diagnostics: &problems)
        )
      ]
    }
    let old = try documents(Self.desk)
    let edited = try documents(Self.desk.replacing("Alpha one.", with: "Alpha three."))
    let diff = LibraryDiff(from: old, to: edited)
    #expect((diff.kept, diff.computed, diff.dropped) == ([12, 12, 9], [12], [10]))
    #expect(diff.changes.map(\.path.description) == ["docs/a"])
    #expect(diff.changes.map(\.reason) == [.textChanged])
    let added = try documents(Self.desk.replacing("</library>", with: "<module name=\"z\">New.</module></library>"))
    #expect(LibraryDiff(from: old, to: added).changes.map(\.reason) == [.new])
    #expect(LibraryDiff(from: added, to: old).dropped == [4])
  }

  @Test func programsHaveLibraries() throws {
    let program = PromptProgram("desk") {
      "You answer."
      Library(
        "docs", window: 40, named: ["b"], top: 2, query: "a & b", rank: .attention,
        documents: [.init("a", "  Alpha\n one. "), .init("b", "<Beta>")])
      NewText("Q", as: .user)
    }
    let compilation = compileSchema(program.schema)
    #expect(compilation.diagnostics == [])
    let library = try #require(compilation.schema?.libraries.first)
    let texts = try compilation.libraries.documents(of: library).map {
      try compilation.libraries.runs(of: $0).map(\.text)
    }
    #expect(texts == [["  Alpha\n one. "], ["<Beta>"]])
    let prompt = try resolved(program.prompt, for: program.schema)
    #expect(prompt.imports.map(\.path.description) == ["docs", "docs/b"])
    #expect(prompt.searches.map { "\($0.count) \($0.query) \($0.rank)" } == ["2 a & b attention"])
  }

  @Test(.enabled(if: ExternalTool.xmllint.isInstalled)) func grammarsOfPromptsHaveThem() throws {
    let (schema, libraries) = try desk()
    let folder = try TemporaryFolder()
    let grammar = try folder.write(PML.promptGrammar(for: schema, libraries: libraries), to: "prompts.rng")
    let cases = [
      ("<docs/>", true), ("<docs top='2'/>", true), ("<docs top='2' query='x' rank='attention'><a/><c/></docs>Q", true),
      ("<docs query='x'/>", false), ("<docs top='2' rank='x'/>", false), ("<docs><d/></docs>", false),
      ("<docs>text</docs>", false),
    ]
    let accepted = try ExternalTool.xmllint.accepted(
      cases.map { "<prompt schema='desk'>\($0.0)</prompt>" }, arguments: ["--noout", "--relaxng", grammar])
    for (index, (prompt, isValid)) in cases.enumerated() {
      #expect(accepted.contains(index) == isValid, "\(prompt)")
    }
  }
}
