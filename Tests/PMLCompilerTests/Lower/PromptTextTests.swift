import PMLCompiler
import Testing

/// New text of prompts: which text it is, where it stands, and what becomes of its white space.
@Suite struct PromptTextTests {
  private let schema = """
    <schema name="s">Intro.<module name="a">A<module name="inner">I</module></module><module name="b">B</module>\
    <module name="c">C</module></schema>
    """

  @Test(arguments: [
    ("Q", #""Q""#),
    ("\n  Q\n", #""⏎Q""#),
    (" Q ", #"" Q""#),
    ("\n  Q\n    R\n", #""⏎Q⏎  R""#),
    // White space alone is never text.
    (" ", ""), ("\n", ""), ("<user> </user>", ""),
    // Only the last run loses the white space at its end.
    ("Q <user>R </user>", #""Q " "R""#),
    ("<user>Q </user> <user>R </user>\n", #""Q " "R""#),
    ("<user>Q </user>R ", #""Q " "R""#),
    ("<user xml:space=\"preserve\"> Q </user>", #"" Q ""#),
    ("<user xml:space=\"preserve\"> Q </user> R ", #"" Q " " R""#),
    ("<user xml:space=\"preserve\"> </user>", ""),
    ("Q<!-- x --> R", #""Q R""#),
    ("<![CDATA[a < b]]>", #""a < b""#),
  ])
  func newTextAtTheEnd(_ text: String, _ sketch: String) throws {
    #expect(try resolved("<prompt schema=\"s\">\(text)</prompt>", for: schema).sketch == sketch)
    #expect(try resolved("<prompt schema=\"s\"><c/>\(text)</prompt>", for: schema).sketch == sketch)
  }

  @Test(arguments: [
    ("x<a/>", #"" x"<a"#), ("x <a/>", #"" x "<a"#),
  ])
  func newTextBeforeTheFirstReference(_ text: String, _ sketch: String) throws {
    #expect(try resolved("<prompt schema=\"s\"> \(text)y</prompt>", for: schema).sketch == sketch + #" ; "y""#)
  }

  @Test func newTextBetweenReferences() throws {
    let prompt = try resolved(
      """
      <prompt schema="s">
        <a/> one
        <b/>
        <user>two</user>
        <c/>
        three
      </prompt>
      """, for: schema)
    #expect(prompt.sketch == #"a<" one"<b ; b<"two"<c ; "⏎three""#)
    #expect(
      prompt.newText.map(\.place) == [
        .before(ModulePath(["b"]), after: ModulePath(["a"])), .before(ModulePath(["c"]), after: ModulePath(["b"])),
        .end,
      ])
  }

  @Test func preservedNewTextKeepsItsEnd() throws {
    let prompt = try resolved("<prompt schema=\"s\" xml:space=\"preserve\"> <a/> \n Q\n</prompt>", for: schema)
    #expect(prompt.sketch == #"" ⏎ Q⏎""#)
  }

  @Test(arguments: [
    // Nothing is present before it.
    ("<schema name='s'><module name='a'>A</module></schema>", "<prompt schema='s'> Q</prompt>", #""Q""#),
    ("<schema name='s'><module name='a'>A</module></schema>", "<prompt schema='s'><a/> Q</prompt>", #"" Q""#),
    ("<schema name='s'><module name='a'>A</module></schema>", "<prompt schema='s'> P<a/> Q</prompt>", #""P"<a ; " Q""#),
    ("<schema name='s'><module name='a'/></schema>", "<prompt schema='s'><a/> Q</prompt>", #""Q""#),
    ("<schema name='s'><module name='a'/></schema>", "<prompt schema='s'> <user> P</user> Q</prompt>", #""P" " Q""#),
    // The schema's text stands behind the modules, and counts at the end only.
    ("<schema name='s'><module name='a'>A</module>T</schema>", "<prompt schema='s'> Q</prompt>", #"" Q""#),
    (
      "<schema name='s'><module name='a'>A</module>T</schema>", "<prompt schema='s'> P<a/> Q</prompt>", #""P"<a ; " Q""#
    ),
    ("<schema name='s'>T<module name='a'>A</module></schema>", "<prompt schema='s'> P<a/></prompt>", #"" P"<a"#),
    // A module that is not imported leaves the place first; one before it takes it.
    (
      "<schema name='s'><module name='a'>A</module><module name='b'>B</module></schema>",
      "<prompt schema='s'> P<b/></prompt>", #""P"<b"#
    ),
    (
      "<schema name='s'><module name='a'>A</module><module name='b'>B</module></schema>",
      "<prompt schema='s'><a/> P<b/></prompt>", #"a<" P"<b"#
    ),
    (
      "<schema name='s'><module name='a'/><module name='b'>B</module></schema>",
      "<prompt schema='s'><a/> P<b/></prompt>", #"a<"P"<b"#
    ),
    (
      "<schema name='s'><union><module name='a'/><module name='b'>B</module></union><module name='c'>C</module></schema>",
      "<prompt schema='s'><a/> P<c/></prompt>", #"a<"P"<c"#
    ),
    (
      "<schema name='s'><module name='a'/><module name='b'>B</module></schema>",
      "<prompt schema='s'> O<a/> P<b/></prompt>", #""O"<a ; a<" P"<b"#
    ),
    (
      "<schema name='s'><module name='a'><parameter name='p' length='1'/></module></schema>",
      "<prompt schema='s'><a p=''/> P</prompt>", #"" P""#
    ),
  ])
  func textAtPositionZeroLosesItsLeadingWhiteSpace(_ schema: String, _ prompt: String, _ sketch: String) throws {
    #expect(try resolved(prompt, for: schema).sketch == sketch)
  }

  @Test(arguments: [
    ("Q", false), ("<user>Q</user>", true), ("<user>Q</user>\n<!-- x -->\n", true), ("<user/>", true),
    ("<user>Q</user> R", false), ("<user>Q</user><c/>", false), ("<user>Q</user><assistant>A</assistant>", false),
    ("<c/><system>S</system><user>Q</user>", true), ("", false),
  ])
  func aUserTurnAtTheEndIsSeen(_ text: String, _ endsWithUserTurn: Bool) throws {
    let prompt = try resolved("<prompt schema=\"s\">\(text)</prompt>", for: schema, template: .marked)
    #expect(prompt.endsWithUserTurn == endsWithUserTurn)
  }
}
