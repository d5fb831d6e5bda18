import PMLCompiler
import Testing

@Suite struct PromptProgramTests {
  private func trip(
    to city: String? = "paris", days: String? = "5", isFrugal: Bool = true, question: String = "What shall I see?"
  ) -> PromptProgram {
    PromptProgram("trip") {
      SystemTurn {
        "You plan trips."
      }
      Part("plan") {
        "Plan a trip of "
        Parameter("days", length: 4, placeholder: "3", default: "some", argument: days)
        " days."
        When("budget", isFrugal) { costs(limit: "100 €") }
      }
      Choose(city, scaffold: "miami") {
        Alternative("miami") { "Miami has beaches & more." }
        Alternative("paris", attention: .isolated) {
          "Paris has museums."
          When("louvre", city == "paris") { "The Louvre is closed on Tuesdays." }
        }
      }
      NewText(question, as: .user)
    }
  }

  @PromptBuilder private func costs(limit: String) -> PromptContent {
    "Spend under "
    Parameter("limit", length: 8, argument: limit)
    "."
  }

  @Test func theSchemaHasAllOfIt() throws {
    #expect(
      trip().schema == """
        <schema name="trip">
          <system>You plan trips.</system>
          <module name="plan">Plan a trip of <parameter name="days" length="4" scaffold="3" default="some"/> days.<module \
        name="budget">Spend under <parameter name="limit" length="8"/>.</module>
          </module>
          <union scaffold="miami">
            <module name="miami">Miami has beaches &amp; more.</module>
            <module name="paris" attention="isolated">Paris has museums.<module name="louvre">The Louvre is closed on \
        Tuesdays.</module>
            </module>
          </union>
        </schema>

        """)
    let schema = try lowered(trip().schema)
    #expect(
      schema.sketch == #""You plan trips." plan("Plan a trip of" {_days} " days." budget("Spend under" {_limit} ".")) "#
        + #"[miami("Miami has beaches & more.") paris("Paris has museums." louvre("The Louvre is closed on Tuesdays."))]"#
    )
  }

  @Test func theSchemaDoesNotDependOnTheValues() {
    #expect(trip().schema == trip(to: nil, days: nil, isFrugal: false, question: "").schema)
  }

  @Test func thePromptHasWhatHolds() throws {
    #expect(
      trip().prompt == """
        <prompt schema="trip">
          <plan days="5">
            <budget limit="100 €"/>
          </plan>
          <paris>
            <louvre/>
          </paris>
          <user xml:space="preserve">What shall I see?</user>
        </prompt>

        """)
    let prompt = try resolved(trip().prompt, for: trip().schema)
    #expect(prompt.imports.map(\.path.description) == ["plan", "plan/budget", "paris", "paris/louvre"])
    #expect(prompt.endsWithUserTurn)
    let bare = try resolved(trip(to: nil, days: nil, isFrugal: false).prompt, for: trip().schema)
    #expect(bare.imports.map(\.path.description) == ["plan"])
    #expect(bare.imports.first?.arguments == [:])
  }

  @Test(arguments: [nil, "miami", "paris", "rome"], [true, false])
  func everyPromptCompiles(_ city: String?, _ isFrugal: Bool) throws {
    _ = try resolved(trip(to: city, isFrugal: isFrugal).prompt, for: trip().schema)
  }

  static let texts = [
    "a", " a", "a ", "\na", "a\n", "\n\n  a\n", " ", "\n", "\t", "  a\n    b\n  c", "a\n  b\n  c", "a\r\nb\r",
    "<a> & \"b\" ]]> 'c'",
    "&lt;", "<!-- x -->", "é東京🍕", "\u{A0}a\u{2028}", "a\u{85}b",
  ]

  @Test(arguments: texts) func textsStandExactlyAsTheyAre(_ text: String) throws {
    let program = PromptProgram("s") {
      text
      Part("m") {
        text
        Part("inner") { text }
        text
      }
      UserTurn { text }
      Choose("y") {
        Alternative("x") { text }
        Alternative("y") { text }
      }
      NewText(text, as: .user)
    }
    let schema = try lowered(program.schema)
    #expect(schema.texts == [text, text, text, text, text, text, text])
    let prompt = try resolved(program.prompt, for: program.schema)
    let isBlank = text.utf8.allSatisfy { $0 <= 0x20 }
    #expect(prompt.newText.flatMap(\.runs).map(\.text) == (isBlank ? [] : [text]))
    #expect(prompt.imports.map(\.path.description) == ["m", "m/inner", "y"])
  }

  @Test(arguments: texts, texts) func textsAroundParametersStandExactly(_ before: String, _ after: String) throws {
    let program = PromptProgram("s") {
      Part("m") {
        before
        Parameter("p", length: 9, placeholder: before, default: after, argument: before + after)
        after
      }
    }
    guard case .module(let module)? = try lowered(program.schema).nodes.first else {
      Issue.record("no module")
      return
    }
    var text = ""
    for node in module.nodes {
      switch node {
      case .text(let run): text += run.text
      case .parameter(let parameter):
        text += parameter.leadingSpace ? " {}" : "{}"
        #expect(parameter.placeholder == before && parameter.defaultText == after)
      default: Issue.record("neither text nor parameter")
      }
    }
    #expect(Array(text.utf8) == Array("\(before){}\(after)".utf8))
    let prompt = try resolved(program.prompt, for: program.schema)
    #expect(prompt.imports.first?.arguments["p"]?.text == before + after)
  }

  @Test func newTextMayStandBetweenParts() throws {
    let program = PromptProgram("s") {
      Part("a") { "A" }
      NewText(" one\n")
      Part("b") { "B" }
      NewText("two", as: .user)
      NewText("three ")
    }
    #expect(
      program.prompt == "<prompt schema=\"s\" xml:space=\"preserve\"><a/> one\n<b/><user>two</user>three </prompt>\n")
    #expect(try resolved(program.prompt, for: program.schema).sketch == #"a<" one⏎"<b ; "two" "three ""#)
  }

  @Test func attributesAreWritten() throws {
    let program = PromptProgram("s", positions: .fixed, attention: .isolated) {
      Part("a", attention: .context, cache: false) { "A" }
      Choose(nil, scaffold: "c") {
        for name in ["b", "c"] { Alternative(name, cache: name == "c") { "text" } }
      }
    }
    #expect(
      try lowered(program.schema)
        == schema(
          [
            module("a", cache: false, [text("A")]),
            union(
              [
                member("b", attention: .isolated, cache: false, [text("text")]),
                member("c", attention: .isolated, [text("text")]),
              ],
              scaffold: "c"),
          ], attention: .isolated))
  }

  @Test func wrongProgramsAreReported() throws {
    let program = PromptProgram("s") {
      Part("two words") { "a\u{1}" }
    }
    #expect(codes(ofSchema: program.schema) == ["PML003"])
    let twice = PromptProgram("s") {
      Part("a") { NewText("not here") }
      Part("a") { "x" }
    }
    #expect(codes(ofSchema: twice.schema) == ["PML251", "PML201"])
    let inside = PromptProgram("s") {
      Part("a") {
        "x"; NewText("not here")
      }
    }
    #expect(try problems(ofPrompt: inside.prompt, for: inside.schema) == ["PML103 not here"])
  }
}

extension Schema {
  /// All its texts.
  fileprivate var texts: [String] {
    func collect(_ nodes: [Node]) -> [String] {
      nodes.flatMap { node -> [String] in
        switch node {
        case .text(let run): [run.text]
        case .parameter, .library: []
        case .module(let module): collect(module.nodes)
        case .union(let union): union.members.flatMap { collect($0.nodes) }
        }
      }
    }
    return collect(nodes)
  }
}
