import PMLCompiler
import Testing

/// The rules for white space, byte for byte. A run as it stands in the file, and what becomes of it.
@Suite struct WhiteSpaceTests {
  /// What is left of a run that something stands before; `_` at the end is a space that moved into a parameter.
  private func settled(_ run: String, isFirst: Bool = false, beforeParameter: Bool = false) throws -> String {
    let schema = try lowered(
      "<schema name=\"s\">\(isFirst ? "" : ".")<module name=\"m\">\(run)"
        + (beforeParameter ? "<parameter name=\"p\" length=\"1\" scaffold=\"x\"/>" : "") + "</module></schema>")
    guard case .module(let module)? = schema.nodes.last else { return "no module" }
    return module.nodes.map { node in
      switch node {
      case .text(let run): run.text
      case .parameter(let parameter): parameter.leadingSpace ? "_" : ""
      default: "?"
      }
    }.joined()
  }

  @Test(arguments: [
    // Lines after the first lose what they share.
    ("a\n  b\n  c", "a\nb\nc"),
    ("a\n  b\n    c", "a\nb\n  c"),
    ("a\n    b\n  c", "a\n  b\nc"),
    ("a\nb\n  c", "a\nb\n  c"),
    ("a\n\tb\n\tc", "a\nb\nc"),
    // Character by character: a tab is no space.
    ("a\n\tb\n    c", "a\n\tb\n    c"),
    ("a\n \tb\n  c", "a\n\tb\n c"),
    // Blank lines do not count, and lose what they have of it.
    ("a\n  b\n\n  c", "a\nb\n\nc"),
    ("a\n    b\n  \n    c", "a\nb\n\nc"),
    ("a\n  b\n      \n  c", "a\nb\n    \nc"),
    ("a\n  b\n\t\t\n  c", "a\nb\n\t\t\nc"),
    // The first line is left as it is.
    ("a  b\n  c", "a  b\nc"),
    // Line breaks of all kinds are line feeds.
    ("a\r\n  b\r\n  c", "a\nb\nc"),
    ("a\r  b", "a\nb"),
    // White space within a line stays.
    ("a \t b", "a \t b"),
    ("a  \n  b", "a  \nb"),
  ])
  func commonIndentationGoes(_ run: String, _ text: String) throws {
    #expect(try settled(run) == text)
  }

  @Test(arguments: [
    (" a", " a"), ("   a", " a"), ("\ta", " a"), (" \t a", " a"),
    ("\na", "\na"), ("\n\n\na", "\na"), ("\n    a", "\na"), ("  \n    a", "\na"), ("\n  \n  a", "\na"),
    // Indentation is shared first: the line with the least decides.
    ("\n    a\n      b", "\na\n  b"),
    ("\n      a\n    b", "\na\nb"),
  ])
  func leadingWhiteSpaceBecomesOneCharacter(_ run: String, _ text: String) throws {
    #expect(try settled(run) == text)
  }

  @Test(arguments: [
    ("a ", "a "), ("a   ", "a "), ("a\t", "a "), ("a \t ", "a "),
    ("a\n", "a"), ("a\n  ", "a"), ("a  \n", "a"), ("a\n\n\n", "a"), ("a\r\n", "a"),
  ])
  func trailingWhiteSpaceBecomesASpaceOrGoes(_ run: String, _ text: String) throws {
    #expect(try settled(run) == text)
  }

  @Test(arguments: [
    ("a ", "a_"), ("a  \t", "a_"), ("a", "a"), ("a\n", "a"), ("a \n ", "a"), (" a ", " a_"), ("\n a ", "\na_"),
  ])
  func aTrailingSpaceMovesIntoTheParameterThatFollows(_ run: String, _ text: String) throws {
    #expect(try settled(run, beforeParameter: true) == text)
  }

  @Test(arguments: [
    (" ", " "), ("   ", " "), ("\t", " "), ("\n", ""), (" \n ", ""), ("\r\n", ""), ("", ""),
  ])
  func whiteSpaceAloneIsASpaceOrNothing(_ run: String, _ text: String) throws {
    #expect(try settled(run) == text)
  }

  @Test(arguments: [(" ", "_"), ("\t ", "_"), ("\n", ""), (" \n", ""), ("", "")])
  func whiteSpaceAloneMovesOnToo(_ run: String, _ text: String) throws {
    #expect(try settled(run, beforeParameter: true) == text)
  }

  @Test(arguments: [
    (" a", "a"), ("\n  a", "a"), ("\n  a\n    b", "a\n  b"), ("a", "a"), ("  \n\n\t a ", "a "), (" ", ""), ("\n", ""),
  ])
  func theVeryFirstRunLosesItsLeadingWhiteSpace(_ run: String, _ text: String) throws {
    #expect(try settled(run, isFirst: true) == text)
  }

  @Test(arguments: [(" a ", "a_"), (" ", ""), ("\t", ""), ("\n", "")])
  func aSpaceAtTheVeryFirstPlaceDoesNotMove(_ run: String, _ text: String) throws {
    #expect(try settled(run, isFirst: true, beforeParameter: true) == text)
  }

  @Test(arguments: [
    // References and CDATA sections count as the characters that they stand for.
    ("a&#10;  b", "a\nb"),
    ("a&#32;&#x20;", "a "),
    ("&#9;a", " a"),
    ("a&#10;", "a"),
    ("a&#13;", "a "),
    ("<![CDATA[  a]]>", " a"),
    ("<![CDATA[\n  a\n  b]]>", "\na\nb"),
    ("x\n  <![CDATA[a\n  b]]>\n", "x\na\nb"),
    ("a<![CDATA[ ]]>", "a "),
    ("<![CDATA[ ]]>", " "),
    ("<![CDATA[\n]]>", ""),
    ("a &lt; b &amp;&amp; c ", "a < b && c "),
    ("<![CDATA[if a < b && c]]>", "if a < b && c"),
    // Spaces that are not XML's are text.
    ("\u{A0}a\u{A0}", "\u{A0}a\u{A0}"),
    ("\u{3000}", "\u{3000}"),
    ("a\u{2028}  b", "a\u{2028}  b"),
    // Comments and processing instructions are nothing, and part no run.
    ("a <!-- x --> b", "a  b"),
    ("a<!-- x -->b", "ab"),
    ("<!-- x --> a", " a"),
    ("a <!-- x -->", "a "),
    (" <!-- x --> ", " "),
    ("\n<!-- x -->", ""),
    ("<?x y?>a<?x y?>", "a"),
    ("a\n  <!-- x\n y -->b\n  c", "a\nb\nc"),
  ])
  func charactersCountHoweverTheyAreWritten(_ run: String, _ text: String) throws {
    #expect(try settled(run) == text)
  }

  @Test(arguments: [" a ", "\n  a\n  ", " ", "\n", "\t\n a\n b"])
  func preservedTextIsTakenAsItStands(_ run: String) throws {
    let schema = try lowered("<schema name=\"s\"><module name=\"m\" xml:space=\"preserve\">\(run)</module></schema>")
    #expect(
      schema
        == Schema(
          name: "s", attention: .context,
          nodes: [
            .module(.init(name: "m", attention: .context, cache: true, nodes: [.text(TextRun(run))]))
          ]))
  }

  @Test func preservationIsInheritedAndEnds() throws {
    let schema = try lowered(
      """
      <schema name="s" xml:space="preserve"> a <module name="m"> b <user> c </user></module>\
      <module name="n" xml:space="default"> d <user xml:space="preserve"> e </user> f </module></schema>
      """)
    #expect(schema.sketch == #"" a " m(" b " " c ") n(" d " " e " " f ")"#)
  }

  @Test func aPreservedSpaceDoesNotMove() throws {
    let schema = try lowered(
      """
      <schema name="s"><module name="m" xml:space="preserve">a <parameter name="p" length="1"/> <parameter name="q" \
      length="1"/></module></schema>
      """)
    #expect(schema.sketch == #"m("a " {p} " " {q})"#)
  }

  @Test func onlyAParameterThatIsTheNextSiblingTakesASpace() throws {
    let schema = try lowered(
      """
      <schema name="s"><module name="m">a <user>b <!-- c --><parameter name="p" length="1"/> c </user><parameter name="q" \
      length="1"/> <param name="r" len="1"/> </module></schema>
      """)
    #expect(schema.sketch == #"m("a " "b" {_p} " c " {q} {_r} " ")"#)
  }
}

/// What "the very first run" is: text that would stand at position 0.
@Suite struct FirstRunTests {
  @Test(arguments: [
    ("<schema name='s'> <module name='m'> a</module></schema>", #"m("a")"#),
    ("<schema name='s'>\n<module name='m'>\n<module name='n'>\n a</module></module></schema>", #"m(n("a"))"#),
    // After an empty module the place is still the first.
    ("<schema name='s'><module name='m'/> a</schema>", #"m() "a""#),
    ("<schema name='s'><module name='m'> </module> <module name='n'> a</module></schema>", #"m() n("a")"#),
    // After one with text it is not, be it imported or not.
    ("<schema name='s'><module name='m'>a</module> b</schema>", #"m("a") " b""#),
    // Every member of a union begins where the union begins.
    (
      "<schema name='s'><union><module name='m'> a</module><module name='n'> b</module></union> c</schema>",
      #"[m("a") n("b")] " c""#
    ),
    ("<schema name='s'><union><module name='m'/><module name='n'> </module></union> c</schema>", #"[m() n()] "c""#),
    ("<schema name='s'><union><module name='m'/><module name='n'>b</module></union> c</schema>", #"[m() n("b")] " c""#),
    // A parameter takes positions.
    (
      "<schema name='s'><module name='m'> <parameter name='p' length='1'/> a</module></schema>", #"m({p} " a")"#
    ),
    // A preserved space is text.
    ("<schema name='s'><module name='m' xml:space='preserve'> </module> a</schema>", #"m(" ") " a""#),
    ("<schema name='s'><user> a</user></schema>", #""a""#),
    ("<schema name='s'> <user> </user> a</schema>", #""a""#),
  ])
  func inASchema(_ document: String, _ sketch: String) throws {
    #expect(try lowered(document).sketch == sketch)
  }

  @Test func aRolesPrefixStandsFirst() throws {
    let schema = try lowered("<schema name='s'> <user> a </user> b</schema>", template: .marked)
    #expect(schema.sketch == #"|<U>| " a " |</U>| " b""#)
  }

  @Test func anIncludedFileStandsFirst() throws {
    let schema = try lowered(
      "<schema name='s'><module name='m' src='a'> b </module><module name='n' src='c'> d</module></schema>",
      includes: FakeIncludes(["a": "  a\n", "c": ""]))
    #expect(schema.sketch == #"m("  a⏎" " b ") n(" d")"#)
    let empty = try lowered(
      "<schema name='s'><module name='n' src='c'> d</module></schema>", includes: FakeIncludes(["c": "\u{FEFF}"]))
    #expect(empty.sketch == #"n("d")"#)
  }
}
