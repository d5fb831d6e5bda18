import FileSystem
import PMLCompiler
import Testing

/// What is said where a chat model meets documents without turns.
@Suite struct RoleAdviceTests {
  private let chat = FoundTemplate(given: ChatTemplate.named("llama3") ?? .plain)

  private func schema(_ text: String, _ template: FoundTemplate) -> [String] {
    let source = SourceFile(path: "s.pml", text: text)
    let compilation = PML.compileSchema(source, template: template.template, includes: FakeIncludes())
    return template.advice(on: compilation.roles, in: source.path).map(described)
  }

  private func prompt(_ text: String, of schema: String, _ template: FoundTemplate) throws -> [String] {
    let lowered = PML.compileSchema(
      SourceFile(path: "s.pml", text: schema), template: template.template, includes: FakeIncludes())
    let source = SourceFile(path: "p.pml", text: text)
    let compilation = PML.compilePrompt(source, schema: try #require(lowered.schema), template: template.template)
    return template.advice(on: compilation.roles, in: source.path).map(described)
  }

  private func described(_ diagnostic: Diagnostic) -> String {
    let start = diagnostic.range.lowerBound
    return "\(diagnostic.code.rawValue) \(start.line):\(start.column)"
  }

  @Test func textOutsideRolesIsTold() {
    let documents = [
      "<schema name='s'><system>A<module name='m'>B</module></system></schema>": [],
      "<schema name='s'>\n  <module name='m'>\n  B</module></schema>": ["PML458 3:3"],
      "<schema name='s'><module name='m'><user>B</user></module><union><module name='n'>C</module></union></schema>": [
        "PML458 1:82"
      ],
      "<schema name='s'><user>B</user> C</schema>": ["PML458 1:33"],
    ]
    for (document, expected) in documents {
      #expect(schema(document, chat) == expected, "\(document)")
      // Other models know no turns.
      #expect(schema(document, .none) == [])
      #expect(schema(document, FoundTemplate(given: ChatTemplate.named("plain") ?? .plain)) == [])
    }
  }

  @Test func aPromptWithoutAUsersTurnIsTold() throws {
    let schema = "<schema name='s'><system>A<module name='m'>B</module></system></schema>"
    let prompts = [
      "<prompt schema='s'><m/><user>C?</user></prompt>": [],
      "<prompt schema='s'><m/></prompt>": ["PML459 1:2"],
      "<prompt schema='s'><m/>C?</prompt>": ["PML458 1:24"],
      "<prompt schema='s'><m/><user>C?</user><assistant>D</assistant></prompt>": ["PML459 1:2"],
    ]
    for (document, expected) in prompts {
      #expect(try prompt(document, of: schema, chat) == expected, "\(document)")
      #expect(try prompt(document, of: schema, .none) == [])
    }
  }
}
