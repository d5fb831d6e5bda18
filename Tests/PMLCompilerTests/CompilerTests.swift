import PMLCompiler
import Testing

@Suite struct CompilerTests {
  let schema = """
    <schema name="trip">
      You plan trips.
      <module name="trip-plan">
        Plan a trip of <parameter name="duration" length="8" default="3 days"/>.
        <module name="costs">Mind the costs.</module>
      </module>
      <union>
        <module name="miami">Miami has beaches.</module>
        <module name="paris">Paris has museums.</module>
      </union>
      <system>Be brief.</system>
    </schema>
    """

  @Test func aSchemaIsLowered() throws {
    let schema = try lowered(schema, template: .marked)
    #expect(schema.name == "trip")
    #expect(
      schema.sketch == """
        "You plan trips." trip-plan("⏎Plan a trip of" {_duration} "." costs("Mind the costs.")) \
        [miami("Miami has beaches.") paris("Paris has museums.")] |<S>| "Be brief." |</S>|
        """)
  }

  @Test func aPromptIsResolved() throws {
    let prompt = try resolved(
      """
      <prompt schema="trip">
        <trip-plan duration="a week"><costs/></trip-plan>
        <paris/>
        <user>What shall I see?</user>
      </prompt>
      """, for: schema, template: .marked)
    #expect(prompt.imports.map(\.path.description) == ["trip-plan", "trip-plan/costs", "paris"])
    #expect(prompt.imports.first?.arguments["duration"]?.text == "a week")
    #expect(prompt.sketch == #""What shall I see?" |</U>|"#)
    #expect(prompt.endsWithUserTurn)
  }

  @Test func documentsMayBeCompiledSideBySide() async throws {
    let expected = (
      try lowered(schema, template: .marked), problems(ofSchema: "<schema nam=\"s\"><union/>a < b</schema>")
    )
    await withTaskGroup(of: Bool.self) { group in
      for index in 0..<200 {
        group.addTask { [schema] in
          if index.isMultiple(of: 2) {
            compileSchema(schema, template: .marked).schema == expected.0
          } else {
            problems(ofSchema: "<schema nam=\"s\"><union/>a < b</schema>") == expected.1
          }
        }
      }
      for await isSame in group { #expect(isSame) }
    }
  }
}
