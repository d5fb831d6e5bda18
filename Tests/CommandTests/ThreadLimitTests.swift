import Foundation
import TestSupport
import Testing

/// A system that gives few threads: commands do with those that they get, or say that they cannot.
///
/// Only root may become a user without processes of its own, whose limit of processes then counts ours alone.
@Suite(.enabled(if: geteuid() == 0)) struct ThreadLimitTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try Documents.folder()
  }

  /// Runs a command as a user who may have `limit` threads, of all processes together.
  private func pmlc(_ arguments: String, limit: Int) throws -> (status: Int32, text: String) {
    // Each limit has a user of its own, whose processes no other test adds to.
    let user = 54321 + limit
    try FileManager.default.setAttributes([.ownerAccountID: user], ofItemAtPath: folder.path(""))
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/setpriv")
    // The program may lie where this user could not read it.
    let script = "ulimit -u \(limit); exec \(try PMLC.executable.path) \(arguments)"
    process.arguments = [
      "--reuid", "\(user)", "--clear-groups", "--inh-caps", "-all,+dac_override", "--ambient-caps",
      "-all,+dac_override",
      "/bin/bash", "-c", script,
    ]
    process.environment = ["HOME": folder.path(""), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]
    process.currentDirectoryURL = folder.url
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let killer = DispatchWorkItem { kill(process.processIdentifier, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: killer)
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    killer.cancel()
    return (process.terminationStatus, text)
  }

  private static let commands = [
    "check schema.pml", "warm schema.pml", "run prompt.pml --max-tokens 2", "audit prompt.pml --max-tokens 2",
  ]

  @Test(arguments: [8, 12])
  func commandsDoWithFewThreads(limit: Int) throws {
    for command in Self.commands {
      let result = try pmlc(command, limit: limit)
      #expect(result.status == 0, "\(command): \(result.text)")
    }
  }

  @Test func tooFewAreAnError() throws {
    for command in Self.commands {
      let result = try pmlc(command, limit: 1)
      #expect(result.status == 2, "\(command): \(result.text)")
      #expect(
        result.text.contains("too few threads") && result.text.contains("ulimit -u"), "\(command): \(result.text)")
    }
  }
}
