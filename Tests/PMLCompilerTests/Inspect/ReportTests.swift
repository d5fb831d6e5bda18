import ContentHash
import PMLCompiler
import Testing

struct ReportTests {
  private static let formats = [
    StateFormat(name: "f32") { $0 * 4_000 }, StateFormat(name: "f16") { $0 * 2_000 },
  ]

  private static let travel = schema(
    [
      text("ab"),
      module("plan", [text("in"), parameter("days", length: 4, default: "3", space: true), text("go")]),
      union([
        member("x", attention: .isolated, [text("xx")]),
        member("y", cache: false, [text("yyyy"), module("z", [text("z")])]),
      ]),
    ], scaffolds: [["plan", "x"]])

  private static func report(_ schema: Schema) throws -> LayoutReport {
    LayoutReport(of: schema, plan: try plan(schema), formats: formats)
  }

  @Test func layoutAsText() throws {
    #expect(
      try Self.report(Self.travel).text == """
        s: fixed, 16 positions, 7 encodings of 12 tokens, 48.0 kB in f32, 24.0 kB in f16
        hash \(Self.travel.contentHash)

        positions  module      attention   tokens  sees      f32     f16
        0–15       (schema)    context          3     0  12.0 kB  6.0 kB
        3–10         plan      context          4     3  16.0 kB  8.0 kB
        5–8            {days}                   2
        11–12        | x       isolated         2     1  16.0 kB  8.0 kB
        11–15        | y       not cached       4     –        –       –
        15             z       context          1     3   4.0 kB  2.0 kB
        together: plan, x

        """)
  }

  @Test func layoutAsJSON() throws {
    let schema = schema([module("m", [text("a"), parameter("p", length: 2)])])
    let json = String(decoding: try Self.report(schema).json, as: UTF8.self)
    let digests = try plan(schema).encodings.map(\.digest.hexadecimal)
    #expect(
      json == #"""
        {"contexts":[{"encoding":0,"place":0},{"before":0,"encoding":1,"place":1},{"before":1,"encoding":2,"place":2}],\#
        "encodings":[\#
        {"digest":"\#(digests[0])","encoded_at":0,"isolated":false,"path":"","start":0,"stored":true,"tokens":1},\#
        {"context":0,"digest":"\#(digests[1])","encoded_at":1,"isolated":false,"path":"m","start":1,"stored":true,"tokens":1},\#
        {"context":1,"digest":"\#(digests[2])","encoded_at":2,"isolated":false,"path":"m","start":2,"stored":false,"tokens":2}],\#
        "hash":"\#(schema.contentHash)","length":4,"modules":[{"cached":true,"length":3,"path":"m","start":1}],\#
        "parameters":[{"length":2,"name":"p","path":"m","start":2}],"positions":"fixed","schema":"s",\#
        "segments":[{"path":"","start":0,"tokens":[1]},{"path":"m","start":1,"tokens":[97]}],\#
        "stored":{"bytes":{"f16":4000,"f32":8000},"encodings":2,"tokens":2}}
        """#)
  }

  @Test func wideNamesTakeTwoColumns() throws {
    let lines = try Self.report(schema([module("東京", [text("a")])])).text.split(separator: "\n")
    #expect(
      lines.suffix(2) == [
        "0–1        (schema)  context         1     0  4.0 kB  2.0 kB",
        "1            東京    context         1     1  4.0 kB  2.0 kB",
      ])
  }

  @Test func theLayoutPageNeedsNothingElse() throws {
    let hostile = schema([text("</script><script>alert(1)</script>"), module("m", [text("/*layout*/")])])
    let page = String(decoding: try Self.report(hostile).html, as: UTF8.self)
    // The data has its place, and nothing in it ends the element that holds it.
    #expect(page.split(separator: "</script>").count == 3)
    #expect(page.contains(#""text":"\u003c/script>\u003cscript>alert(1)\u003c/script>""#))
    #expect(page.contains(#""text":"/*layout*/""#))
    // No address but the name of SVG's namespace.
    #expect(page.split(separator: "://").count == 2)
    #expect(!page.contains("src=") && !page.contains("@import") && !page.contains("url(h"))
  }

  @Test func diffAsText() throws {
    #expect(
      try Self.diff().text == """
        module  start  tokens  why
        plan        3       2  text changed
        plan        9       2  sees `plan`, which changed

                  encodings  tokens      f32      f16
        kept              2       3  12.0 kB   6.0 kB
        computed          2       4  16.0 kB   8.0 kB
        dropped           5       9  36.0 kB  18.0 kB

        """)
  }

  @Test func diffAsJSON() throws {
    #expect(
      String(decoding: try Self.diff().json, as: UTF8.self) == #"""
        {"computed":{"bytes":{"f16":8000,"f32":16000},"encodings":2,"tokens":4},\#
        "dropped":{"bytes":{"f16":18000,"f32":36000},"encodings":5,"tokens":9},"encodings":[\#
        {"path":"plan","reason":{"kind":"text"},"start":3,"status":"computed","tokens":2},\#
        {"path":"plan","reason":{"kind":"context","modules":["plan"]},"start":9,"status":"computed","tokens":2},\#
        {"path":"","start":0,"status":"kept","tokens":1},{"path":"","start":1,"status":"kept","tokens":2},\#
        {"path":"plan","start":3,"status":"dropped","tokens":2},{"path":"plan","start":9,"status":"dropped","tokens":2},\#
        {"path":"x","start":11,"status":"dropped","tokens":2},{"path":"y/z","start":15,"status":"dropped","tokens":1},\#
        {"path":"x","scaffold":["plan","x"],"start":11,"status":"dropped","tokens":2}],\#
        "kept":{"bytes":{"f16":6000,"f32":12000},"encodings":2,"tokens":3}}
        """#)
  }

  private static func diff() throws -> DiffReport {
    let new = schema([
      text("ab"), module("plan", [text("IN"), parameter("days", length: 4, default: "3", space: true), text("go")]),
    ])
    return DiffReport(of: SchemaDiff(from: try plan(travel), to: try plan(new)), formats: formats)
  }

  @Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (99_949, "99.9 kB"), (99_950, "100 kB"), (999_499, "999 kB"),
    (999_500, "1.0 MB"), (12_345_678_901, "12.3 GB"), (5_000_000_000_000_000, "5000 TB"),
  ])
  func bytesHaveThreeDigits(bytes: Int, expected: String) throws {
    let format = StateFormat(name: "f") { _ in bytes }
    let report = LayoutReport(of: schema([]), plan: try plan(schema([])), formats: [format])
    #expect(report.text.contains(", \(expected) in f\n"))
  }
}
