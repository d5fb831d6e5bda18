import Foundation
import TestSupport
import Testing

/// What `check --format sarif` writes, as those read it who show it.
@Suite struct SARIFTests {
  private struct Log: Decodable {
    struct Run: Decodable {
      let tool: Tool
      let columnKind: String
      let invocations: [Invocation]
      let results: [Result]
    }

    struct Tool: Decodable { let driver: Driver }

    struct Driver: Decodable {
      let name: String
      let version: String
      let rules: [Rule]
    }

    struct Rule: Decodable { let id: String }

    struct Invocation: Decodable { let executionSuccessful: Bool }

    struct Result: Decodable {
      let ruleId: String
      let ruleIndex: Int
      let level: String
      let message: Message
      let locations: [Location]
      let relatedLocations: [Location]?
      let partialFingerprints: [String: String]
    }

    struct Message: Decodable { let text: String }

    struct Location: Decodable {
      struct Physical: Decodable {
        let artifactLocation: Artifact
        let region: Region
      }

      let physicalLocation: Physical
    }

    struct Artifact: Decodable, Equatable {
      let uri: String
      var uriBaseId: String? = nil
    }

    struct Region: Decodable, Equatable {
      let startLine: Int
      let startColumn: Int
      let endLine: Int
      let endColumn: Int
    }

    let version: String
    let runs: [Run]
  }

  let folder: TemporaryFolder

  /// Documents with problems of all kinds: duplicates, wide characters, places at the end, names to be escaped.
  init() throws {
    folder = try Documents.folder()
    try folder.write(
      """
      <schema name="s">
        <module name="東京">a 🍕 <x/></module>
        <module name="東京" colour="red">b</module>
        <union><module name="u">c</module></union>
        <module name="m">Make <param name="p" len="0"/> of it</module>
      </schema>
      """, to: "a b/東 %1,2:3.pml")
    try folder.write("<schema name=\"s\">", to: "open.pml")
    try folder.write("", to: "empty.pml")
    try folder.write(Data([0xEF, 0xBB, 0xBF]), to: "mark.pml")
    try folder.write("<prompt schema=\"s\"><c/>\n<a/><a/>\r\n\ttext</prompt>", to: "wrong-prompt.pml")
  }

  private let files = ["a b/東 %1,2:3.pml", "open.pml", "./empty.pml", "mark.pml", "wrong-prompt.pml", "schema.pml"]

  private func sarif(_ files: [String]) async throws -> (text: String, run: Log.Run, status: Int32) {
    let run = try await PMLC.run(["check", "--format", "sarif"] + files, in: folder)
    let log = try JSONDecoder().decode(Log.self, from: Data(run.standardOutput.utf8))
    #expect(log.version == "2.1.0" && log.runs.count == 1)
    return (run.standardOutput, try #require(log.runs.first), run.status)
  }

  @Test func everyResultHasItsRuleItsPlaceAndItsFingerprint() async throws {
    let (_, run, status) = try await sarif(files)
    #expect(status == 1)
    #expect(run.columnKind == "unicodeCodePoints")
    #expect(run.invocations.map(\.executionSuccessful) == [true])
    #expect(Set(run.tool.driver.rules.map(\.id)).count == run.tool.driver.rules.count)
    #expect(run.results.count > 10)
    for result in run.results {
      #expect(run.tool.driver.rules[result.ruleIndex].id == result.ruleId)
      #expect(result.ruleId.wholeMatch(of: /PML\d{3}/) != nil)
      #expect(result.level == "error" || result.level == "warning")
      #expect(!result.message.text.isEmpty)
      #expect(result.locations.count == 1)
      for location in result.locations + (result.relatedLocations ?? []) {
        let (place, region) = (location.physicalLocation.artifactLocation, location.physicalLocation.region)
        #expect(URL(string: place.uri) != nil && place.uriBaseId == "%SRCROOT%", "\(place)")
        #expect(!place.uri.hasPrefix("/") && !place.uri.hasPrefix("."))
        #expect(region.startLine >= 1 && region.startColumn >= 1 && region.endLine >= region.startLine)
        #expect(region.endLine > region.startLine || region.endColumn >= region.startColumn)
      }
    }
    #expect(Set(run.results.map(\.partialFingerprints)).count == run.results.count)
    let first = try #require(run.results.first)
    #expect(first.locations[0].physicalLocation.artifactLocation.uri == "a%20b/%E6%9D%B1%20%251%2C2%3A3.pml")
    #expect(
      first.locations[0].physicalLocation.region
        == .init(startLine: 2, startColumn: 26, endLine: 2, endColumn: 27))
    #expect(run.results.contains { $0.ruleId == "PML201" && $0.relatedLocations?.count == 1 })
  }

  @Test func fingerprintsStayWhereTheDocumentIsTheSame() async throws {
    let before = try await sarif(["open.pml", "a b/東 %1,2:3.pml"]).run.results
    let path = folder.path("a b/東 %1,2:3.pml")
    try ("\n\n<!-- x -->\n" + String(contentsOfFile: path, encoding: .utf8))
      .write(toFile: path, atomically: true, encoding: .utf8)
    let after = try await sarif(["a b/東 %1,2:3.pml", "open.pml"]).run.results
    #expect(Set(before.map(\.partialFingerprints)) == Set(after.map(\.partialFingerprints)))
  }

  @Test func aFileThatCannotBeReadIsNoSuccess() async throws {
    let (_, run, status) = try await sarif(["missing.pml", "empty.pml"])
    #expect(status == 2)
    #expect(run.invocations.map(\.executionSuccessful) == [false])
    #expect(run.results.map(\.ruleId) == ["PML018"])
  }

  /// The path of a Python with the packages of `tools/sarif`: `scripts/test --long` makes one.
  private static let python = ProcessInfo.processInfo.environment["PMLC_PYTHON"]

  @Test(.enabled(if: python != nil)) func validatorsAcceptIt() async throws {
    let python = try #require(Self.python)
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../tools/sarif/validate.py")
    for (index, files) in [files, ["schema.pml"], ["missing.pml", "schema.pml"]].enumerated() {
      let (text, run, _) = try await sarif(files)
      let log = try folder.write(text, to: "log-\(index).sarif")
      let validation = Process()
      validation.executableURL = URL(filePath: python)
      validation.arguments = [script.standardizedFileURL.path(percentEncoded: false), log]
      let output = Pipe()
      validation.standardOutput = output
      validation.standardError = output
      try validation.run()
      let printed = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
      validation.waitUntilExit()
      #expect(validation.terminationStatus == 0, "\(printed)")
      #expect(printed == "\(log): \(run.results.count) results\n")
    }
  }
}
