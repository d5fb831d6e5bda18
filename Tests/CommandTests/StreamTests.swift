import Foundation
import TestSupport
import Testing

/// Results go to standard output, everything else to standard error, and no control codes where no terminal is.
@Suite struct StreamTests {
  let folder: TemporaryFolder
  let store: [String: String]

  init() throws {
    folder = try Documents.folder()
    store = ["PMLC_STORE": folder.path("store")]
  }

  @Test func helpIsAResult() async throws {
    let run = try await PMLC.run(["--help"])
    #expect(run.status == 0)
    #expect(run.standardOutput.contains("USAGE: pmlc"))
    #expect(run.standardError.isEmpty)
  }

  @Test func answerAlone() async throws {
    let arguments = ["run", "prompt.pml", "--schema", "schema.pml", "--max-tokens", "4"]
    let text = try await PMLC.run(arguments, environment: store, in: folder)
    let json = try RunResult(try await PMLC.run(arguments + ["--json"], environment: store, in: folder))
    #expect(text.standardOutput.trimmingCharacters(in: .newlines) == json.text.trimmingCharacters(in: .newlines))
    #expect(json.logprobs == nil)
  }

  @Test func jsonIsOneLineASchema() async throws {
    try folder.write(Documents.schema.replacing("name=\"s\"", with: "name=\"t\""), to: "other.pml")
    let run = try await PMLC.run(["warm", "schema.pml", "other.pml", "--json"], environment: store, in: folder)
    let lines = run.standardOutput.split(separator: "\n").map { Data($0.utf8) }
    let results = try lines.map { try JSONDecoder().decode(WarmResult.self, from: $0) }
    #expect(results.map(\.schema) == ["s", "t"])
    #expect(results.map(\.encodings.computed) == [results[0].encodings.computed, 0])
    #expect(results[1].bytes_written == 0)
  }

  @Test func compiledSchemaGoesToOutputOrAFile() async throws {
    let printed = try await PMLC.run(["compile", "schema.pml"], in: folder)
    let written = try await PMLC.run(["compile", "schema.pml", "-o", "out.pmlir"], in: folder)
    #expect(written.standardOutput.isEmpty)
    let bytes = try #require(FileManager.default.contents(atPath: folder.path("out.pmlir")))
    #expect(String(decoding: bytes, as: UTF8.self) == printed.standardOutput)
  }

  @Test(arguments: [
    ["check", "wrong.pml"], ["inspect", "wrong.pml"], ["warm", "wrong.pml"], ["compile", "wrong.pml"],
    ["inspect", "wrong.pml", "--json"], ["run", "prompt.pml", "--schema", "wrong.pml", "--json"],
  ])
  func diagnosticsAreNoResult(_ arguments: [String]) async throws {
    try folder.write("<schema name=\"s\">\n  <module nam=\"a\">x</module>\n</schema>", to: "wrong.pml")
    let run = try await PMLC.run(arguments, environment: store, in: folder)
    #expect(run.status == 1)
    #expect(run.standardOutput.isEmpty)
    #expect(run.standardError.contains("wrong.pml:2:"))
    #expect(run.standardError.contains(": error[PML"))
    #expect(!run.standardError.contains("\u{1B}"))
  }

  @Test func nothingButTextWithoutATerminal() async throws {
    let run = try await PMLC.run(["warm", "schema.pml"], environment: store, in: folder)
    for stream in [run.standardOutput, run.standardError] {
      #expect(!stream.contains("\u{1B}") && !stream.contains("\r"))
    }
  }
}
