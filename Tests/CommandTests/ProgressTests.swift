import Glibc
import TestSupport
import Testing

/// How far long work has come, where standard error is no terminal.
@Suite struct ProgressTests {
  @Test func aLineIsWrittenNowAndThen() async throws {
    let folder = try TemporaryFolder()
    let sentence = "The mayor of Norville has an office on the third floor, and the trains to Kadale stop on Sundays. "
    let modules = (0..<60).map {
      "<module name='m\($0)'>\($0). \(String(repeating: sentence, count: 30))</module>"
    }.joined()
    try folder.write("<schema name='long'>\(modules)</schema>", to: "long.pml")
    let running = try PMLC.start(
      ["warm", "long.pml", "--threads", "1"], environment: ["PMLC_STORE": folder.path("store")], in: folder)
    // Held up, so that little work takes long; again and again, since on a busy machine it may not have begun before.
    for _ in 0..<4 {
      try await Task.sleep(for: .seconds(1))
      running.send(SIGSTOP)
      try await Task.sleep(for: .seconds(11))
      running.send(SIGCONT)
    }
    let run = try await running.finish()
    #expect(run.status == 0, "\(run.standardError)")
    let lines = run.standardError.split(separator: "\n")
    let line = #/pmlc: long: \d+ of 61 encodings, \d+ of \d+ tokens, \d+ a second, .+ left/#
    #expect(!lines.isEmpty && lines.allSatisfy { $0.wholeMatch(of: line) != nil }, "\(run.standardError)")
    #expect(lines.count < 4, "\(run.standardError)")
    // Nothing is said of what takes no time.
    let again = try await PMLC.run(["warm", "long.pml"], environment: ["PMLC_STORE": folder.path("store")], in: folder)
    #expect(again.status == 0 && again.standardError.isEmpty, "\(again.standardError)")
  }
}
