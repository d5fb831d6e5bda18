import PMLCompiler
import Testing

/// Places are exact to the character.
@Suite struct PlaceTests {
  @Test(arguments: [
    ("<schema name=\"s\" nam=\"t\"/>", "nam"),
    ("<schema name='s'><module name='m' cache = 'yes'>a</module></schema>", "yes"),
    ("<schema name=\"s\"><module\n\tname=\"m\"\n\tcach=\"true\">a</module></schema>", "cach"),
    ("<schema name=\"s\"><module name=\"m\"\ncache=\n\"&#121;es\">a</module></schema>", "&#121;es"),
    ("<schema name=\"s\">é東京🍕\t<modul/></schema>", "modul"),
    ("<schema name=\"東京\" 属性=\"é\"/>", "属性"),
    ("<schema name=\"s\"><![CDATA[<modul>]]><!-- <modul> --><?x <modul> ?><modul/></schema>", "modul"),
    ("<schema name=\"s\" attention='a\"b>'/>", "a\"b>"),
    (
      "<schema name=\"s\"><union><module name=\"a\">a</module> <!-- x --> te &lt; xt <!-- y --></union></schema>",
      "te &lt; xt"
    ),
    ("<schema name=\"s\"><union><module name=\"a\">a</module>\n<![CDATA[x ]]>\n</union></schema>", "<![CDATA[x ]]>"),
    (
      "<schema name=\"s\"><module name=\"a\">a</module><module name=\"b\">a</module><scaffold modules=\"  a\n zz/y \"/></schema>",
      "zz/y"
    ),
  ])
  func aRangeCoversTheCharacters(_ document: String, _ text: String) throws {
    for document in [document, "\u{FEFF}" + document, document.replacing("\n", with: "\r\n")] {
      let compilation = compileSchema(document)
      let found = compilation.diagnostics.filter { $0.severity == .error }
      #expect(found.count == 1)
      #expect(found.first?.text(in: compilation.source) == text)
    }
  }

  @Test func linesAndColumnsCountFromOne() {
    let places = [
      ("<schema name=\"s\" x=\"\"/>", "PML104 1:18-1:19"),
      ("\u{FEFF}<schema name=\"s\" x=\"\"/>", "PML104 1:18-1:19"),
      ("\n\n<schema name=\"s\"\n\t x=\"\"/>", "PML104 4:3-4:4"),
      ("\r\n\r<schema name=\"s\"\r\n x=\"\"/>", "PML104 4:2-4:3"),
      ("<schema name=\"é東🍕\" x=\"\"/>", "PML104 1:20-1:21"),
      ("<schema name=\"e\u{301}\" x=\"\"/>", "PML104 1:19-1:20"),
    ]
    for (document, place) in places { #expect(compileSchema(document).diagnostics.map(\.sketch) == [place]) }
  }

  @Test func farPlacesAreAsExact() {
    let lines = String(repeating: "a\n", count: 70_000)
    #expect(
      compileSchema("<schema name=\"s\">\(lines) <x/></schema>").diagnostics.map(\.sketch) == ["PML101 70001:3-70001:4"]
    )
    let long = String(repeating: "é", count: 70_000)
    #expect(
      compileSchema("<schema name=\"s\">\(long)<x/></schema>").diagnostics.map(\.sketch) == ["PML101 1:70019-1:70020"])
  }

  @Test func problemsComeInSourceOrderEachOnce() {
    let document = """
      <schema nam="s">
        <module name="a" cache="no">x</module>
        <union>text <module name="a">y</module><module name="b">z</module></union>
        <modul/>
      </schema>
      """
    #expect(
      problems(ofSchema: document) == [
        "PML104 nam", "PML106 no", "PML103 text", "PML201 a", "PML101 modul",
      ])
  }
}
