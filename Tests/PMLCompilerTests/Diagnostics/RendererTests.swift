import FileSystem
import Foundation
import PMLCompiler
import Testing

@Suite struct TextRendererTests {
  /// What a person sees for the range that `«` and `»` mark in a text.
  private func shown(_ marked: String, color: Bool = false) -> String {
    let parts = marked.components(separatedBy: "«").flatMap { $0.components(separatedBy: "»") }
    let source = SourceFile(path: "a.pml", text: parts.joined())
    let begin = parts[0].utf8.count
    let end = begin + parts[1].utf8.count
    func position(_ offset: Int) -> SourcePosition {
      let before = source.bytes[..<offset]
      let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
      return SourcePosition(
        offset: offset, line: before.count { $0 == 0x0A } + 1,
        column: before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1)
    }
    let diagnostic = Diagnostic(
      code: .init(rawValue: "PML999"), file: "a.pml", range: position(begin)..<position(end), message: "wrong",
      help: "mend it")
    return TextRenderer(sources: [source], color: color).render(diagnostic)
  }

  @Test(arguments: [
    ("«abc» def", "    1 | abc def\n      | ^^^\n"),
    ("x\n  «ab» c\ny", "    2 |   ab c\n      |   ^^\n"),
    ("\t\ta\t«bc»", "    1 | \t\ta\tbc\n      | \t\t \t^^\n"),
    ("é東京🍕 «東é»", "    1 | é東京🍕 東é\n      |         ^^^\n"),
    ("e\u{301}«x»", "    1 | e\u{301}x\n      |  ^\n"),
    ("ab«»", "    1 | ab\n      |   ^\n"),
    ("a«b\nc»d", "    1 | ab\n      |  ^\n"),
    ("a\r\n«b»\r\n", "    2 | b\n      | ^\n"),
    ("a\u{1B}[31m«b»\u{202E}c", "    1 | a\u{FFFD}[31mb\u{FFFD}c\n      |       ^\n"),
    ("«»", "    1 | \n      | ^\n"),
  ])
  func theCaretsStandUnderTheCharacters(_ marked: String, _ excerpt: String) {
    let text = shown(marked)
    let header = text.prefix { $0 != "\n" }
    #expect(header.hasPrefix("a.pml:") && header.hasSuffix(": error[PML999]: wrong"))
    #expect(text == "\(header)\n\(excerpt)  help: mend it\n")
  }

  @Test func longLinesAreCut() {
    let before = String(repeating: "b", count: 5_000)
    let after = String(repeating: "a", count: 5_000)
    let lines = shown("\(before)«x»\(after)").split(separator: "\n")
    #expect(lines[1].count == 8 + 122 && lines[1].hasPrefix("    1 | …bbb") && lines[1].hasSuffix("aaa…"))
    #expect(Array(lines[1])[lines[2].count - 1] == "x")
    let long = shown("«\(before)»").split(separator: "\n")
    #expect(long[2].filter { $0 == "^" }.count == 120)
  }

  @Test func colorsAreThereWhenWanted() {
    #expect(!shown("«a»").contains("\u{1B}"))
    #expect(shown("«a»", color: true).contains("\u{1B}[1;31merror[PML999]:\u{1B}[0m"))
  }

  @Test func diagnosticsOfUnknownFilesHaveNoExcerpt() {
    let place = SourcePosition(offset: 5, line: 1, column: 6)
    let diagnostic = Diagnostic(
      code: .init(rawValue: "PML999"), file: "b\n.pml", range: place..<place, message: "wrong")
    #expect(
      TextRenderer(sources: []).render([diagnostic, diagnostic])
        == "b\\n.pml:1:6: error[PML999]: wrong\n\nb\\n.pml:1:6: error[PML999]: wrong\n")
  }

  @Test func theUsersWordsAreQuotedOnOneLine() throws {
    let diagnostic = try #require(
      compileSchema("<schema name=\"s\" attention=\"a&#10;&#9;\u{200F}b\"/>").diagnostics.first)
    #expect(diagnostic.message == "`a\\n\\t\\u{200f}b` is no value of `attention`")
  }
}

@Suite struct MachineRendererTests {
  private let compilation = compileSchema(
    "<schema name=\"s\">\n  <module name=\"a\">é</module><module name=\"a\">x</module>\n  <modul/></schema>")

  private func decoded(_ text: String) throws -> Any { try JSONSerialization.jsonObject(with: Data(text.utf8)) }

  @Test func jsonHasTheFieldsThatScriptsRelyOn() throws {
    let json = try decoded(JSONRenderer.render(compilation.diagnostics))
    let objects = try #require(json as? [[String: Any]])
    #expect(objects.count == 2)
    #expect(
      Set(objects[1].keys) == [
        "file", "line", "column", "end_line", "end_column", "severity", "code", "message", "help",
      ])
    #expect(objects[1]["file"] as? String == "schema.pml")
    #expect(["line", "column", "end_line", "end_column"].map { objects[1][$0] as? Int } == [3, 4, 3, 9])
    #expect(
      ["severity", "code", "message", "help"].map { objects[1][$0] as? String } == [
        "error", "PML101", "PML has no element `modul`", "did you mean `module`?",
      ])
    let related = try #require(objects[0]["related"] as? [[String: Any]])
    #expect(related.first?["column"] as? Int == 17)
    #expect(JSONRenderer.render([]) == "[]\n")
  }

  @Test func helpIsNullWhereThereIsNone() throws {
    let objects = try #require(
      decoded(JSONRenderer.render(compileSchema("<schema name=\"s\"><!-- -- --></schema>").diagnostics))
        as? [[String: Any]])
    #expect(objects.first?["help"] is NSNull)
  }

  private func gitHubCommand(file: FilePath, from start: (Int, Int), to end: (Int, Int), _ message: String) -> String {
    let place = SourcePosition(offset: 0, line: start.0, column: start.1)
    let end = SourcePosition(offset: 9, line: end.0, column: end.1)
    return GitHubRenderer.render(
      [
        Diagnostic(
          code: .init(rawValue: "PML999"), severity: .warning, file: file, range: place..<end, message: message,
          help: "mend, it")
      ], paths: ReportPaths(folder: "/srv/dir"))
  }

  @Test func gitHubCommandsAreEscaped() {
    #expect(
      gitHubCommand(file: "a,b:c%\r\n.pml", from: (1, 2), to: (1, 4), "100% wrong:\r\nyes, no")
        == "::warning file=a%2Cb%3Ac%25%0D%0A.pml,line=1,endLine=1,col=2,endColumn=4,title=PML999"
        + "::100%25 wrong:%0D%0Ayes, no%0Ahelp: mend, it\n")
    #expect(GitHubRenderer.render([], paths: ReportPaths()) == "")
  }

  @Test func nothingInAFileNameOrMessageReachesATerminalAsAControl() throws {
    let hostile = "a\u{1B}]0;x\u{7}\u{9B}31m\u{202E}\u{2028}\u{E0041}\n.pml"
    let place = SourcePosition(offset: 0, line: 1, column: 1)
    let diagnostic = Diagnostic(
      code: .init(rawValue: "PML999"), file: FilePath(hostile), range: place..<place, message: hostile, help: hostile,
      related: [.init(file: FilePath(hostile), range: place..<place, message: hostile)])
    let outputs = [
      TextRenderer(sources: []).render(diagnostic), JSONRenderer.render([diagnostic]),
      GitHubRenderer.render([diagnostic], paths: ReportPaths(folder: "/srv/dir")),
      SARIFRenderer(sources: [], paths: ReportPaths(folder: "/srv"), version: "1")
        .render([diagnostic], failures: [.init(file: FilePath(hostile), message: hostile)]),
    ]
    let isSafe = { (scalar: Unicode.Scalar) in scalar.value >= 0x20 && scalar.value < 0x7F }
    for output in outputs {
      #expect(output.split(separator: "\n").allSatisfy { $0.unicodeScalars.allSatisfy(isSafe) })
    }
    let objects = try #require(decoded(outputs[1]) as? [[String: Any]])
    #expect(objects[0]["file"] as? String == hostile)  // programs get the name as it is
  }

  /// GitHub refuses columns of a range over several lines.
  @Test func gitHubHasColumnsOnOneLineOnly() {
    #expect(
      gitHubCommand(file: "a.pml", from: (1, 2), to: (3, 4), "wrong")
        == "::warning file=a.pml,line=1,endLine=3,title=PML999::wrong%0Ahelp: mend, it\n")
  }

  private func sarif(_ compilation: SchemaCompilation, folder: FilePath = "/srv/dir") throws -> [String: Any] {
    let renderer = SARIFRenderer(sources: [compilation.source], paths: ReportPaths(folder: folder), version: "1.2.3")
    let log = try #require(decoded(renderer.render(compilation.diagnostics)) as? [String: Any])
    #expect(log["version"] as? String == "2.1.0")
    return try #require((log["runs"] as? [[String: Any]])?.first)
  }

  private func results(_ run: [String: Any]) throws -> [[String: Any]] {
    try #require(run["results"] as? [[String: Any]])
  }

  @Test func sarifHasRulesAndPlaces() throws {
    let run = try sarif(compilation)
    #expect(run["columnKind"] as? String == "unicodeCodePoints")
    let driver = try #require((run["tool"] as? [String: Any])?["driver"] as? [String: Any])
    let rules = try #require(driver["rules"] as? [[String: Any]])
    let results = try results(run)
    #expect(results.count == 2)
    for result in results {
      let index = try #require(result["ruleIndex"] as? Int)
      #expect(rules[index]["id"] as? String == result["ruleId"] as? String)
      #expect(result["level"] as? String == "error")
    }
    #expect(results.map { $0["ruleId"] as? String } == ["PML201", "PML101"])
    let location = try #require(
      (results[1]["locations"] as? [[String: Any]])?.first?["physicalLocation"] as? [String: Any])
    #expect(location["artifactLocation"] as? [String: String] == ["uri": "schema.pml", "uriBaseId": "%SRCROOT%"])
    #expect(location["region"] as? [String: Int] == ["startLine": 3, "startColumn": 4, "endLine": 3, "endColumn": 9])
    #expect((results[0]["relatedLocations"] as? [Any])?.count == 1)
  }

  @Test func sarifSaysWhatWasNotChecked() throws {
    let renderer = SARIFRenderer(sources: [], paths: ReportPaths(folder: "/srv"), version: "1")
    func invocation(_ failures: [SARIFRenderer.Failure]) throws -> [String: Any] {
      let log = try #require(decoded(renderer.render([], failures: failures)) as? [String: Any])
      let run = try #require((log["runs"] as? [[String: Any]])?.first)
      return try #require((run["invocations"] as? [[String: Any]])?.first)
    }
    #expect(try invocation([])["executionSuccessful"] as? Bool == true)
    let failed = try invocation([.init(file: "a b.pml", message: "permission denied")])
    #expect(failed["executionSuccessful"] as? Bool == false)
    let notification = try #require((failed["toolExecutionNotifications"] as? [[String: Any]])?.first)
    #expect(notification["message"] as? [String: String] == ["text": "cannot be read: permission denied"])
  }

  @Test(arguments: [
    ("a/b c.pml", "a/b%20c.pml"), ("./a.pml", "a.pml"), ("/srv/dir/a.pml", "a.pml"),
    ("/other/é.pml", "file:///other/%C3%A9.pml"),
    ("../a.pml", "../a.pml"), ("/srv/directory/a.pml", "file:///srv/directory/a.pml"),
  ])
  func sarifPathsAreRelative(_ path: String, _ uri: String) throws {
    let source = SourceFile(path: FilePath(path), text: "<x/>")
    let run = try sarif(PML.compileSchema(source, template: .none, includes: FakeIncludes()))
    let location = try #require(
      (results(run)[0]["locations"] as? [[String: Any]])?.first?["physicalLocation"] as? [String: Any])
    #expect((location["artifactLocation"] as? [String: String])?["uri"] == uri)
  }

  @Test func fingerprintsStayAndDiffer() throws {
    func fingerprints(_ text: String) throws -> [String] {
      try results(sarif(compileSchema(text))).compactMap {
        ($0["partialFingerprints"] as? [String: String])?["pmlc/v1"]
      }
    }
    let alike = "<x/>\n<x/>\n<y/>\n"
    let found = try fingerprints("<schema name=\"s\">\n\(alike)</schema>")
    #expect(Set(found).count == 3)
    #expect(try fingerprints("<schema name=\"s\">\n\n<!-- more -->\n\(alike)</schema>") == found)
    #expect(try fingerprints("<schema name=\"s\">\n  \(alike)</schema>") == found)
  }
}
