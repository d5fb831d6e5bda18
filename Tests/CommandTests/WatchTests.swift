import Foundation
import Glibc
import TestSupport
import Testing

/// `check --watch` on real files, as editors and people change them.
@Suite struct WatchTests {
  let folder: TemporaryFolder

  init() throws { folder = try Documents.folder() }

  private static let wrong = Documents.schema.replacing("name=\"b\"", with: "nam=\"b\"")

  /// A running watch, and what it has printed round by round.
  private final class Watch {
    let process: RunningPMLC
    private var rounds = 0

    init(_ arguments: [String], in folder: TemporaryFolder) throws {
      process = try PMLC.start(["check", "--watch"] + arguments, in: folder)
    }

    deinit { process.kill() }

    private var summaries: [String] {
      let lines = process.standardError.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      return lines.filter { $0.contains(" checked in ") }.map(String.init)
    }

    /// Waits for another round to end in `words`; a change in several steps may take more than one.
    func expect(_ words: String, _ location: SourceLocation = #_sourceLocation) async throws {
      for _ in 0..<600 {
        let summaries = summaries
        if summaries.count > rounds, summaries.last?.contains(words) == true {
          rounds = summaries.count
          return
        }
        try await Task.sleep(for: .milliseconds(50))
      }
      Issue.record("no \(words): \(process.standardError)", sourceLocation: location)
    }

    /// Lets a second and a half go by, in which nothing is checked.
    func expectQuiet(_ location: SourceLocation = #_sourceLocation) async throws {
      try await Task.sleep(for: .milliseconds(1_500))
      #expect(summaries.count == rounds, "\(process.standardError)", sourceLocation: location)
    }

    func end(by signal: Int32, _ location: SourceLocation = #_sourceLocation) async throws {
      process.send(signal)
      let run = try await process.finish(timeout: 10)
      #expect(run.status == 0 && !run.timedOut, sourceLocation: location)
      #expect(run.standardOutput == "", sourceLocation: location)
      #expect(!run.standardError.contains("\u{1B}"), sourceLocation: location)
    }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func changesAreChecked(_ signal: Int32) async throws {
    let watch = try Watch(["schema.pml", "prompt.pml"], in: folder)
    try await watch.expect("2 documents checked in ")
    // Written in place.
    try folder.write(Self.wrong, to: "schema.pml")
    try await watch.expect(": 1 error")
    #expect(watch.process.standardError.contains("schema.pml:4:11: error[PML104]"))
    try await watch.expectQuiet()
    // The other document.
    try folder.write("<prompt schema=\"s\"><a>", to: "prompt.pml")
    try await watch.expect(": 2 errors")
    #expect(!watch.process.standardError.contains("PML300"))
    // Replaced by another file of this name.
    for (name, text) in [("schema.pml", Documents.schema), ("prompt.pml", Documents.prompt)] {
      try folder.write(text, to: ".\(name).new")
      #expect(unsafe rename(folder.path(".\(name).new"), folder.path(name)) == 0)
    }
    try await watch.expect(": nothing found")
    // Files that have nothing to do with it.
    try folder.write("x", to: "other.pml")
    try await watch.expectQuiet()
    try await watch.end(by: signal)
  }

  @Test func aDocumentMayGoAndComeBack() async throws {
    let watch = try Watch(["schema.pml"], in: folder)
    try await watch.expect(": nothing found")
    #expect(unsafe rename(folder.path("schema.pml"), folder.path("schema.pml~")) == 0)
    try await watch.expect("0 documents checked")
    #expect(watch.process.standardError.contains("cannot read `schema.pml`"))
    try folder.write(Self.wrong, to: "schema.pml")
    try await watch.expect(": 1 error")
    try await watch.end(by: SIGINT)
  }

  @Test func filesOfSrcAreWatched() async throws {
    try folder.write("<schema name=\"s\"><module name=\"a\" src=\"texts/a.txt\"/></schema>", to: "schema.pml")
    let watch = try Watch(["schema.pml"], in: folder)
    try await watch.expect(": 1 error")
    // Neither the folder nor the file was there.
    try folder.write("text", to: "texts/a.txt")
    try await watch.expect(": nothing found")
    try folder.write(Data([0xFF]), to: "texts/a.txt")
    try await watch.expect(": 1 error")
    #expect(watch.process.standardError.contains("error[PML212]"))
    try FileManager.default.removeItem(atPath: folder.path("texts"))
    try await watch.expect(": 1 error")
    try folder.write("text", to: "texts/a.txt")
    try await watch.expect(": nothing found")
    try await watch.end(by: SIGINT)
  }

  @Test func whatALinkLeadsToIsWatched() async throws {
    try folder.write(Documents.schema, to: "elsewhere/real.pml")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link.pml"), withDestinationPath: "elsewhere/real.pml")
    let watch = try Watch(["prompt.pml", "--schema", "link.pml"], in: folder)
    try await watch.expect(": nothing found")
    try folder.write(Documents.schema.replacing("\"n\"", with: "\"o\""), to: "elsewhere/real.pml")
    try await watch.expect(": 1 error")
    try FileManager.default.removeItem(atPath: folder.path("link.pml"))
    try FileManager.default.createSymbolicLink(atPath: folder.path("link.pml"), withDestinationPath: "schema.pml")
    try await watch.expect(": nothing found")
    try await watch.end(by: SIGINT)
  }

  @Test func aTerminalIsCleared() async throws {
    // `script` gives the program a terminal; what it shows goes to a file.
    let script = Process()
    script.executableURL = URL(filePath: "/usr/bin/script")
    let program = try PMLC.executable.path(percentEncoded: false)
    script.arguments = ["-qefc", "'\(program)' check --watch schema.pml", "shown"]
    script.currentDirectoryURL = folder.url
    script.environment = ["TERM": "xterm", "PATH": "/usr/bin:/bin"]
    script.standardInput = FileHandle.nullDevice
    script.standardOutput = FileHandle.nullDevice
    try script.run()
    defer { script.terminate() }
    func shown() -> [String] {
      let text = (try? String(contentsOfFile: folder.path("shown"), encoding: .utf8)) ?? ""
      return text.components(separatedBy: "\u{1B}[H\u{1B}[2J\u{1B}[3J")
    }
    for (text, words) in [("", "nothing found"), (Self.wrong, "1 error")] {
      if !text.isEmpty { try folder.write(text, to: "schema.pml") }
      var tries = 0
      while shown().last?.contains(words) != true, tries < 600 {
        try await Task.sleep(for: .milliseconds(50))
        tries += 1
      }
      #expect(shown().last?.contains(words) == true, "\(shown())")
    }
    #expect(shown().last?.contains("\u{1B}[1;31merror[PML104]:") == true)
    #expect(shown().last?.contains("nothing found") == false)
  }

  @Test func whatDoesNotGoTogetherIsRefused() async throws {
    let format = try await PMLC.run(["check", "--watch", "--format", "json", "schema.pml"], in: folder)
    #expect(format.status == 64)
    let missing = try await PMLC.run(["check", "--watch", "schema.pml", "missing.pml"], in: folder)
    #expect(missing.status == 2 && missing.standardError.contains("cannot read `missing.pml`"))
  }
}
