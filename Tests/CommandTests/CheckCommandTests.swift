import Foundation
import TestSupport
import Testing

/// `check` as a build runs it: folders, what fails it, what is shown.
@Suite struct CheckCommandTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    // A union of one member, which is a warning.
    try folder.write("<schema name='s'><union><module name='m'>One.</module></union></schema>", to: "docs/s.pml")
    try folder.write("<prompt schema='s'><m/></prompt>", to: "docs/deep/er/p.pml")
    try folder.write("<schema/>", to: "docs/.git/hidden.pml")
    try folder.write("<schema/>", to: "docs/notes.xml")
    try FileManager.default.createSymbolicLink(atPath: folder.path("docs/loop"), withDestinationPath: ".")
    try FileManager.default.createSymbolicLink(atPath: folder.path("docs/q.pml"), withDestinationPath: "deep/er/p.pml")
  }

  private func check(_ arguments: String...) async throws -> PMLC.Result {
    try await PMLC.run(["check"] + arguments, in: folder)
  }

  @Test func aFolderIsItsDocuments() async throws {
    let run = try await check("docs")
    #expect(run.status == 0)
    #expect(run.standardError.hasPrefix("docs/s.pml:1:19: warning[PML250]: "))
    #expect(run.standardError.hasSuffix("\n3 documents checked: 1 warning\n"))
    try folder.write("<prompt schema='s'><n/></prompt>", to: "docs/deep/wrong.pml")
    let wrong = try await check("docs/deep", "docs/s.pml")
    #expect(wrong.status == 1)
    #expect(wrong.standardError.hasSuffix("\n3 documents checked: 1 error, 1 warning\n"))
  }

  @Test func warningsFailWhereTheyAreDenied() async throws {
    #expect(try await check("docs", "--deny-warnings").status == 1)
    #expect(try await check("docs", "--deny-warnings", "--format", "json").status == 1)
    let ignored = try await check("docs", "--deny-warnings", "--ignore", "PML250")
    #expect(ignored.status == 0)
    #expect(ignored.standardError == "3 documents checked: nothing found\n")
    // Errors cannot be ignored, and a code has to be one.
    for code in ["PML203", "PML299", "pml250", ""] { #expect(try await check("docs", "--ignore", code).status == 64) }
  }

  @Test func quietShowsErrorsAlone() async throws {
    let quiet = try await check("docs", "-q")
    #expect((quiet.status, quiet.standardError) == (0, ""))
    #expect(try await check("docs", "-q", "--deny-warnings").standardError.contains("PML250"))
    try folder.write("<prompt schema='s'><n/></prompt>", to: "docs/wrong.pml")
    let wrong = try await check("docs", "--quiet")
    #expect(wrong.status == 1)
    #expect(wrong.standardError.contains("PML302") && !wrong.standardError.contains("warning"))
    #expect(!wrong.standardError.contains("checked"))
  }

  @Test func theSchemasAtHandAreNamed() async throws {
    try folder.write("<prompt schema='zebra'><m/></prompt>", to: "docs/wrong.pml")
    let run = try await check("docs")
    #expect(run.status == 1)
    #expect(
      run.standardError.contains("help: there are `s`; pass the schema's file with `--schema`"), "\(run.standardError)")
    let alone = try await check("docs/wrong.pml")
    #expect(alone.standardError.contains("help: pass the schema's file with `--schema`"), "\(alone.standardError)")
  }

  @Test func theModelThatShipsHasAName() async throws {
    let text = String(repeating: "word ", count: 9000)
    try folder.write("<schema name='l'><module name='m'>\(text)</module></schema>", to: "long.pml")
    #expect(try await check("long.pml").status == 0)
    let run = try await check("long.pml", "--model", "demo")
    #expect(run.status == 1 && run.standardError.contains("PML405"))
    // A folder of that name is the one that is meant.
    try folder.write("{}", to: "demo/config.json")
    #expect(try await check("long.pml", "--model", "demo").status == 2)
  }

  /// The schema is compiled with each prompt.
  @Test func aCommandShowsAWarningOnce() async throws {
    let long = String(repeating: "word ", count: 2500)
    try folder.write("<schema name='l' positions='fixed'><module name='m'>\(long)</module></schema>", to: "l.pml")
    for name in ["a", "b"] { try folder.write("<prompt schema='l'><m/>\(name)</prompt>", to: "\(name).pml") }
    let run = try await PMLC.run(
      ["audit", "a.pml", "b.pml", "--schema", "l.pml", "--max-tokens", "1"],
      environment: ["PMLC_STORE": folder.path("store")], in: folder)
    #expect(run.status == 0, "\(run.standardError)")
    #expect(run.standardError.split(separator: "\n").count { $0.contains("PML450") } == 1)
  }
}
