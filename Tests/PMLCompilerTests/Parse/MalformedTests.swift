import PMLCompiler
import Testing

/// Documents that are not well-formed: one error, at the place that has to be changed; several where characters should have been
/// references, behind which the checking goes on.
@Suite struct MalformedTests {
  private func problem(_ content: String) -> String {
    let found = problems(ofSchema: "<schema name=\"s\">\(content)</schema>")
    #expect(Set(found).count == 1)
    return found.first ?? ""
  }

  @Test(arguments: [
    "if a < b", "a <b", "i<n; i++", "a<b && c>d", "x <- 1", "<3", "1<2", "a<", "<>", "<=",
  ])
  func aRawLessThanIsExplained(_ content: String) {
    #expect(problem(content) == "PML010 <")
  }

  @Test(arguments: ["a && b", "AT&T", "x & y", "&", "a&", "?a=1&b=2", "&lt", "& lt;"])
  func aRawAmpersandIsExplained(_ content: String) {
    #expect(problem(content) == "PML011 &")
    #expect(problem("<module name=\"\(content)\"/>") == "PML011 &")
  }

  @Test(arguments: [
    ("&nbsp;", "PML012 &nbsp;"), ("AT&T; x", "PML012 &T;"), ("&#0;", "PML013 &#0;"),
    ("&#x110000;", "PML013 &#x110000;"),
    ("&#xD800;", "PML013 &#xD800;"), ("&#;", "PML013 &#;"), ("&#xZ;", "PML013 &#x"), ("&#65", "PML013 &#65"),
  ])
  func referencesToNothingAreErrors(_ content: String, _ found: String) {
    #expect(problem(content) == found)
  }

  @Test(arguments: [
    ("<module name=\"a\">", "PML014 schema"), ("</module>", "PML014 module"),
    ("<user><system></user></system>", "PML014 user"),
    ("<module name=\"a", "PML016 <"), ("<module name=a/>", "PML016 a"), ("<module name=/>", "PML016 /"),
    ("<module name/>", "PML016 name"), ("<module name=\"a\"cache=\"true\"/>", "PML016 c"),
    ("<module name=\"a\" name=\"b\"/>", "PML017 name"), ("<module name=\"a < b\"/>", "PML016 <"),
    ("<module name=\"a\" ;/>", "PML016 ;"), ("<!-- x", "PML015 <!--"), ("<![CDATA[ x", "PML015 <![CDATA["),
    ("<?x", "PML015 <?"), ("<!-- x -- y -->", "PML021 --"), ("]]>", "PML021 ]]>"),
    ("<?xml version=\"1.0\"?>", "PML021 <?xml"),
    ("<!ELEMENT x>", "PML010 <"), ("</ schema>", "PML015 </"),
  ])
  func tagsAreNamed(_ content: String, _ found: String) {
    #expect(problem(content) == found)
  }

  @Test(arguments: [
    ("", "PML018 "), (" \n", "PML018 "), ("text", "PML018 t"), ("<schema name=\"s\"/><schema/>", "PML019 <"),
    ("<schema name=\"s\"/> text", "PML019 t"), ("<schema name=\"s\">", "PML015 schema"),
    ("<schema name=\"s\"><user>", "PML015 user"),
    ("<schema name=\"s\"", "PML016 <schema"), ("<schema", "PML016 <schema"),
    ("<?xml version=\"1.1\"?><schema name=\"s\"/>", "PML020 version=\"1.1\""),
    ("</schema>", "PML021 <"), (" <?xml version=\"1.0\"?><schema name=\"s\"/>", "PML021 <?xml"),
  ])
  func wholeDocuments(_ document: String, _ found: String) {
    #expect(problems(ofSchema: document) == [found])
  }

  @Test(arguments: [
    ("<schema name=\"a<b\"> i < n</schema>", "PML016 1:16-1:17"),
    ("<schema name=\"s\">&a; <!-- x</schema>", "PML012 1:18-1:21"),
  ])
  func theFirstErrorIsTheOne(_ document: String, _ place: String) {
    #expect(compileSchema(document).diagnostics.map(\.sketch) == [place])
  }

  @Test(arguments: [
    ("<schema name=\"s\"><1/> <x y=></schema>", ["PML010 1:18-1:19", "PML016 1:28-1:29"]),
    ("<schema name=\"s\">a & b < c</schema>", ["PML011 1:20-1:21", "PML010 1:24-1:25"]),
    ("<schema name=\"s\">a < b & c<y/></schema>", ["PML010 1:20-1:21", "PML011 1:24-1:25", "PML101 1:28-1:29"]),
    (
      "<schema name=\"s\"><module name=\"a&b c\"/>& &a;</schema>",
      ["PML011 1:33-1:34", "PML011 1:40-1:41", "PML012 1:42-1:45"]
    ),
  ])
  func behindRawCharactersTheCheckingGoesOn(_ document: String, _ places: [String]) {
    #expect(compileSchema(document).diagnostics.map(\.sketch) == places)
  }

  /// As many as there may be, and no more time than for a few readings.
  @Test func aDocumentOfRawCharactersIsReadAFewTimes() {
    let found = compileSchema("<schema name=\"s\">" + String(repeating: "& ", count: 5000) + "</schema>").diagnostics
    #expect(found.count == 101)
    let large = compileSchema("<schema name=\"s\">" + String(repeating: "& ", count: 16 << 20) + "</schema>")
      .diagnostics
    #expect(large.count < 12 && large.allSatisfy { $0.code.rawValue == "PML011" })
  }

  @Test func otherPlacesAreShown() throws {
    let open = try #require(compileSchema("<schema name=\"s\">\n<user>a</schema>").diagnostics.first)
    #expect(open.related.map(\.range.lowerBound.line) == [2])
    let twice = try #require(compileSchema("<schema name=\"s\" name=\"t\"/>").diagnostics.first)
    #expect(twice.related.map(\.range.lowerBound.column) == [9])
  }
}
