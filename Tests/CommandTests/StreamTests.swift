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

  @Test func anInterruptedAnswerIsWholeCharactersSoFar() async throws {
    let arguments = ["run", "prompt.pml", "--schema", "schema.pml", "--temperature", "1000000", "--max-tokens", "7000"]
    // Some of so many tokens would end the answer, drawn evenly: take the seed of one that goes on for long.
    for seed in 1...20 {
      let running = try PMLC.start(arguments + ["--seed", "\(seed)"], environment: store, in: folder)
      let clock = ContinuousClock()
      let start = clock.now
      while running.standardOutput.utf8.count < 60, clock.now - start < .seconds(2) {
        try await Task.sleep(for: .milliseconds(5))
      }
      running.send(SIGINT)
      let result = try await running.finish()
      guard result.status != 0 else { continue }
      #expect(result.status == 128 + SIGINT)
      #expect(result.standardError.isEmpty)
      // The test reads bytes that are no text as U+FFFD, three bytes: nothing would be cut in the middle of one.
      #expect(result.standardOutput.utf8.count >= 60)
      return
    }
    Issue.record("every answer ended before it could be interrupted")
  }

  @Test func aFullDiskIsAnErrorThatSaysSo() async throws {
    let executable = try PMLC.executable.path(percentEncoded: false)
    let process = Process()
    process.executableURL = URL(filePath: executable)
    process.arguments = ["inspect", folder.path("schema.pml")]
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: "/dev/full"))
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 2)
    #expect(text == "pmlc: error: cannot write to standard output: No space left on device\n")
  }
}
