import TestSupport
import Testing

/// `pmlc grammar`.
struct GrammarCommandTests {
  @Test func needsNoModelForASchemaTooLongForTheOneThatShips() async throws {
    let folder = try TemporaryFolder()
    let text = String(repeating: "Seven words that the model has seen. ", count: 4000)
    try folder.write(#"<schema name="long"><module name="all">\#(text)</module></schema>"#, to: "long.pml")
    let grammar = try await PMLC.run(["grammar", "long.pml"], in: folder)
    #expect(grammar.status == 0, "\(grammar.standardError)")
    #expect(grammar.standardOutput.contains(#"<element name="all">"#))
    let compiled = try await PMLC.run(["compile", "long.pml"], in: folder)
    #expect(compiled.status == 1)
  }

  @Test func errorsOfTheSchemaAreShown() async throws {
    let folder = try TemporaryFolder()
    try folder.write(#"<schema name="s"><modul name="m">Text</modul></schema>"#, to: "s.pml")
    let run = try await PMLC.run(["grammar", "s.pml"], in: folder)
    #expect(run.status == 1)
    #expect(run.standardOutput.isEmpty)
    #expect(run.standardError.contains("s.pml:1:19: error[PML1"))
  }

  @Test func anUnknownTemplateIsRefused() async throws {
    let folder = try TemporaryFolder()
    try folder.write(#"<schema name="s">Text</schema>"#, to: "s.pml")
    for command in ["grammar", "check"] {
      let run = try await PMLC.run([command, "s.pml", "--chat-template", "no-such"], in: folder)
      #expect(run.status == 2)
      #expect(run.standardError.contains("no chat template `no-such`"))
    }
  }
}
