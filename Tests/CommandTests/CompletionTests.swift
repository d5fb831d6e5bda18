import Foundation
import TestSupport
import Testing

/// What shells are given to complete commands with.
@Suite struct CompletionTests {
  @Test(arguments: ["bash", "zsh", "fish"]) func aShellKnowsCommandsOptionsAndValues(shell: String) async throws {
    let run = try await PMLC.run(["--generate-completion-script", shell])
    #expect(run.status == 0 && run.standardError.isEmpty)
    for word in ["warm", "tokenize", "store", "rm", "ask", "deny-warnings", "f16", "sarif"] {
      #expect(run.standardOutput.contains(word), "\(word)")
    }
  }

  @Test func bashReadsItsScript() async throws {
    let folder = try TemporaryFolder()
    let script = try await PMLC.run(["--generate-completion-script", "bash"]).standardOutput
    try folder.write(script + "\ncomplete -p pmlc\n", to: "script")
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/bash")
    shell.arguments = ["--norc", folder.path("script")]
    let output = Pipe()
    shell.standardOutput = output
    try shell.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0 && text.contains("pmlc"))
  }
}
