import PMLCompiler
import Testing

@Suite struct PromptAnalyzerTests {
  private let schema = """
    <schema name="trip">
      <module name="plan">Stay <parameter name="days" length="8"/><parameter name="mood" length="4" default="glad"/>
        <module name="costs">c<parameter name="limit" length="2"/></module>
        <union><module name="car">c</module><module name="train">t</module></union>
      </module>
      <user><union><module name="miami">m</module><module name="paris">p</module></union></user>
      <module name="notes">n</module>
    </schema>
    """

  private func problems(_ content: String) throws -> [String] {
    try PMLCompilerTests.problems(ofPrompt: "<prompt schema=\"trip\">\(content)</prompt>", for: schema)
  }

  @Test(arguments: [
    ("", []), ("Q", []), ("<notes/>", []), ("<notes></notes><miami/>", []),
    ("<plan days=\"3\"/>", []), ("<plan days=\"\" mood=\"sad\"><car/><costs limit=\"9\"/></plan>", []),
    ("<note/>", ["PML302 note"]), ("<plan days=\"3\"><cost limit=\"1\"/></plan>", ["PML302 cost"]),
    ("<x><y/></x>", ["PML302 x"]),
    ("<costs limit=\"1\"/>", ["PML303 costs"]), ("<plan days=\"3\"><notes/></plan>", ["PML303 notes"]),
    ("<plan days=\"3\"><plan/></plan>", ["PML303 plan"]),
    ("<plan day=\"3\"/>", ["PML304 day"]), ("<plan dai=\"3\"/>", ["PML305 plan", "PML304 dai"]),
    ("<notes x=\"\"/>", ["PML304 x"]),
    ("<plan days=\"3\" limit=\"2\"/>", ["PML304 limit"]),
    ("<plan/>", ["PML305 plan"]), ("<plan mood=\"x\"><costs/></plan>", ["PML305 plan", "PML305 costs"]),
    ("<notes/><notes/>", ["PML306 notes"]), ("<notes/><notes/><notes/>", ["PML306 notes", "PML306 notes"]),
    ("<plan days=\"3\"><car/><car/></plan>", ["PML306 car"]),
    ("<plan days=\"3\"/><plan days=\"3\"><car/></plan>", ["PML306 plan"]),
    ("<miami/><paris/>", ["PML307 paris"]), ("<plan days=\"3\"><train/><car/></plan>", ["PML307 car"]),
    ("<note/><plan x=\"\"/><miami/><paris/>", ["PML302 note", "PML305 plan", "PML304 x", "PML307 paris"]),
  ])
  func referencesAreResolved(_ content: String, _ found: [String]) throws {
    #expect(try problems(content) == found)
  }

  @Test(arguments: [
    ("a<notes/>", []), ("<plan days=\"3\"/>a<paris/>b<notes/>c", []), ("<notes/><plan days=\"3\"/>a", []),
    ("<notes/> <!-- x -->\n<plan days=\"3\"/>", []),
    ("a<notes/><paris/>", ["PML308 paris"]), ("<notes/>a<plan days=\"3\"/>", ["PML308 plan"]),
    ("<notes/><user>a</user><miami/>", ["PML308 miami"]), ("<notes/><plan days=\"3\"/>a<paris/>", ["PML308 plan"]),
  ])
  func textBetweenReferencesWantsThemInSchemaOrder(_ content: String, _ found: [String]) throws {
    #expect(try problems(content) == found)
  }

  @Test func thePromptIsForItsSchema() throws {
    #expect(
      try PMLCompilerTests.problems(ofPrompt: "<prompt schema=\"trips\"><notes/></prompt>", for: schema) == [
        "PML301 trips"
      ])
  }

  @Test(
    arguments: [
      ("<note/>", "did you mean `notes`?"), ("<Paris/>", "did you mean `paris`?"),
      ("<pairs/>", "did you mean `paris`?"),
      ("<elsewhere/>", "it has `plan`, `miami`, `paris`, `notes`"),
      ("<plan dayz=\"\" days=\"\"/>", "did you mean `days`? it has `days`, `mood`"),
      ("<costs limit=\"1\"/>", "write it inside `<plan>`: its path is `plan/costs`"),
      ("<plan days=\"3\"><notes/></plan>", "write it at the top of the prompt"),
    ] as [(String, String?)])
  func helpNamesWhatWasMeant(_ content: String, _ help: String?) throws {
    let found = try compilePrompt("<prompt schema=\"trip\">\(content)</prompt>", for: schema).diagnostics
    #expect(found.map(\.help) == [help])
  }

  @Test func grammarErrorsDoNotHideOthers() throws {
    #expect(
      try problems("<plan days=\"3\">text<x/></plan><user><notes/></user>") == [
        "PML103 text", "PML302 x", "PML102 notes",
      ])
  }

  @Test func importsHaveTheirPlacesAndArguments() throws {
    let prompt = try resolved(
      "<prompt schema=\"trip\"><notes/><plan mood=\"a &amp; b\" days=\"3&#10;\"><costs limit=\" x \"/></plan></prompt>",
      for: schema)
    #expect(prompt.schema == "trip")
    #expect(prompt.imports.map(\.path.description) == ["notes", "plan", "plan/costs"])
    #expect(prompt.imports[1].arguments.mapValues(\.text) == ["mood": "a & b", "days": "3\n"])
    #expect(prompt.imports[2].arguments["limit"]?.text == " x ")
    #expect(prompt.imports[1].range.lowerBound.column == 32)
    #expect(prompt.imports[1].arguments["mood"]?.range.lowerBound.column == 43)
  }

  /// Where no name is near, those that there are stand in its place.
  @Test func theNamesThatThereAreAreListed() throws {
    func help(_ content: String, _ schema: String) throws -> [String?] {
      let lowered = try lowered(schema)
      let source = SourceFile(path: "p", text: "<prompt schema=\"\(lowered.name)\">\(content)</prompt>")
      return PML.compilePrompt(source, schema: lowered, template: .none).diagnostics.map(\.help)
    }
    #expect(try help("<zebra/>", schema) == ["it has `plan`, `miami`, `paris`, `notes`"])
    #expect(try help("<plan days=\"3\"><zebra/></plan>", schema) == ["it has `costs`, `car`, `train`"])
    #expect(try help("<notes><zebra/></notes>", schema) == ["it has no modules"])
    let many = (1...11).map { "<module name=\"m\($0)\">x</module>" }.joined()
    #expect(
      try help("<zebra/>", "<schema name=\"many\">\(many)</schema>")
        == ["it has `m1`, `m2`, `m3`, `m4`, `m5`, `m6`, `m7`, `m8` and 3 more"])
  }

  @Test func theSchemasThatThereAreAreListed() {
    let source = SourceFile(path: "p", text: "<prompt schema=\"menue\"/>")
    func help(_ schemas: [String]) -> [String?] { PML.checkPrompt(source, schemas: schemas).map(\.help) }
    #expect(help([]) == ["give the file of the schema too"])
    #expect(help(["trip", "menu"]) == ["did you mean `menu`? else give the file of the schema too"])
    #expect(help(["trip", "law"]) == ["there are `trip`, `law`; give the file of the schema too"])
  }

  @Test func aPromptWithoutItsSchemaIsCheckedAsFarAsItCanBe() {
    let source = SourceFile(path: "p", text: "<prompt schema=\"lost\"><user/><m>text</m></prompt>")
    #expect(PML.checkPrompt(source).map(\.sketch) == ["PML300 1:17-1:21", "PML103 1:33-1:37"])
    #expect(PML.checkPrompt(source, isSchemaKnown: true).map(\.sketch) == ["PML103 1:33-1:37"])
  }
}
