import Foundation
import TestSupport
import Testing

/// `inspect` of prompts, and of what has more positions than the model.
@Suite struct InspectPromptTests {
  private let folder: TemporaryFolder
  private var store: [String: String] { ["PMLC_STORE": folder.path("store")] }

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(
      """
      <schema name="trip"><system>You plan trips.</system><module name="lisbon">Lisbon lies on the Tagus.</module>\
      <module name="porto">Porto lies on the Douro.</module></schema>
      """, to: "trip.pml")
    try folder.write(#"<prompt schema="trip"><porto/><user>Which river?</user></prompt>"#, to: "p.pml")
  }

  private func run(_ arguments: [String]) async throws -> (status: Int32, output: String, error: String) {
    let run = try await PMLC.run(arguments, environment: store, in: folder)
    return (run.status, run.standardOutput, run.standardError)
  }

  @Test func withAFileOrTheStore() async throws {
    let arguments = ["inspect", "p.pml", "--chat-template", "chatml"]
    let missing = try await run(arguments)
    #expect(missing.status == 2 && missing.error.contains("no store"), "\(missing)")
    let given = try await run(arguments + ["--schema", "trip.pml"])
    #expect(given.status == 0, "\(given.error)")
    let warmed = try await run(["warm", "trip.pml", "--chat-template", "chatml"])
    #expect(warmed.status == 0, "\(warmed.error)")
    let stored = try await run(arguments)
    #expect(stored.status == 0 && stored.output == given.output, "\(stored)")
    let turns = given.output.split(separator: "\n").dropFirst(3).map { line in
      line.split(separator: " ", omittingEmptySubsequences: true).dropFirst().prefix(2).joined(separator: " ")
    }
    #expect(turns == ["– (schema)", "system (schema)", "– porto", "user (new", "assistant (answer's"])
    // What it says of tokens is what an answer says.
    let answer = try await run(["run", "p.pml", "--chat-template", "chatml", "--max-tokens", "1"])
    let counts = try #require(given.output.firstMatch(of: /(\d+) tokens, (\d+) cached/))
    #expect(answer.error.contains("\(counts.1) tokens, \(counts.2) of them cached"), "\(answer.error)")
  }

  @Test func whatIsNotForPrompts() async throws {
    for extra in [["--joint"], ["--documents"]] {
      let refused = try await run(["inspect", "p.pml", "--schema", "trip.pml"] + extra)
      #expect(refused.status == 64, "\(refused)")
    }
    let schema = try await run(["inspect", "trip.pml", "--schema", "trip.pml"])
    #expect(schema.status == 64)
    let page = try await run(["inspect", "p.pml", "--schema", "trip.pml", "--html", "-"])
    #expect(page.status == 0 && page.output.contains(#""path":"porto""#) && page.output.hasPrefix("<!doctype html>"))
    for place in ["style", "tools", "layout"] { #expect(!page.output.contains("/*\(place)*/")) }
  }

  /// A picture of what does not fit says where the positions went; the errors and the exit status are as ever.
  @Test func whatDoesNotFit() async throws {
    let modules = (0..<5).map { "<module name='m\($0)'>\(String(repeating: "one more word ", count: 900))</module>" }
    try folder.write("<schema name='long' positions='fixed'>\(modules.joined())</schema>", to: "long.pml")
    let schema = try await run(["inspect", "long.pml", "--html", "page.html"])
    #expect(schema.status == 1 && schema.error.contains("PML403"), "\(schema.error)")
    #expect(schema.output.contains("22506 positions") && schema.output.contains("m4"), "\(schema.output)")
    let page = try String(contentsOfFile: folder.path("page.html"), encoding: .utf8)
    #expect(page.contains(#""context":8192"#))

    try folder.write("<prompt schema='long'><m4/><user>Which?</user></prompt>", to: "last.pml")
    let prompt = try await run(["inspect", "last.pml", "--schema", "long.pml"])
    #expect(prompt.status == 1 && prompt.output.contains("none is left for an answer"), "\(prompt)")
    #expect(prompt.output.contains("(empty)"))
    // Without the cache there are no gaps.
    let cached = try await run(["run", "last.pml", "--schema", "long.pml", "--max-tokens", "1"])
    #expect(cached.status == 1 && cached.error.contains("PML403"))
    let full = try await run(["run", "last.pml", "--schema", "long.pml", "--max-tokens", "1", "--no-cache"])
    #expect(full.status == 0, "\(full.error)")
    try folder.write(
      "<prompt schema='long'><m0/><m1/><m2/><m3/><m4/><user>Which?</user></prompt>", to: "all.pml")
    let all = try await run(["run", "all.pml", "--schema", "long.pml", "--max-tokens", "1", "--no-cache"])
    #expect(all.status == 1 && all.error.contains("PML413"), "\(all.error)")
  }
}
