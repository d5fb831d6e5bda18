import Foundation
import TestSupport
import Testing

/// Where documents come from, and what reports call them.
@Suite struct DocumentSourceTests {
  private let faulty = "<schema name=\"s\"><colour/></schema>"

  @Test func standardInput() async throws {
    let run = try await PMLC.run(["check", "-"], input: faulty)
    #expect(run.status == 1 && run.standardError.hasPrefix("<stdin>:1:"), "\(run.standardError)")
  }

  @Test func aPipe() async throws {
    let folder = try TemporaryFolder()
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/bash")
    let program = try PMLC.executable.path(percentEncoded: false)
    shell.arguments = ["-c", "exec timeout 30 '\(program)' check <(printf '%s' '\(faulty)')"]
    shell.currentDirectoryURL = folder.url
    let errors = Pipe()
    shell.standardError = errors
    try shell.run()
    let printed = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 1 && printed.contains("error[PML101]"), "\(printed)")
  }

  @Test func gitHubIsGivenPathsFromTheRepositorysRoot() async throws {
    let folder = try TemporaryFolder()
    try folder.write("ref: refs/heads/main\n", to: "repository/.git/HEAD")
    try folder.write(faulty, to: "repository/sub/x.pml")
    let shell = Process()
    shell.executableURL = try PMLC.executable
    shell.arguments = ["check", "--format", "github", "x.pml"]
    shell.currentDirectoryURL = folder.url.appending(path: "repository/sub")
    shell.environment = ["PATH": "/usr/bin:/bin", "HOME": folder.path("")]
    let output = Pipe()
    shell.standardOutput = output
    try shell.run()
    let printed = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 1 && printed.hasPrefix("::error file=sub/x.pml,line=1,"), "\(printed)")
  }

  /// Two spellings of one path are one schema, not two of one name.
  @Test func oneFileByTwoPaths() async throws {
    let folder = try TemporaryFolder()
    try folder.write("<schema name=\"s\"><module name=\"m\">x</module></schema>", to: "a.pml")
    try folder.write("<schema name=\"s\"><module name=\"m\">x</module></schema>", to: "b.pml")
    let one = try await PMLC.run(["check", "a.pml", "./a.pml"], in: folder)
    #expect(one.status == 0, "\(one.standardError)")
    let two = try await PMLC.run(["check", "a.pml", "./b.pml"], in: folder)
    #expect(two.status == 1 && two.standardError.contains("error[PML209]"), "\(two.standardError)")
  }
}
