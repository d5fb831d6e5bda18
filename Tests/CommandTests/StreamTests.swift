import TestSupport
import Testing

/// Results go to standard output, everything else to standard error.
@Suite struct StreamTests {
  @Test func helpIsAResult() async throws {
    let run = try await PMLC.run(["--help"])
    #expect(run.status == 0)
    #expect(run.standardOutput.contains("USAGE: pmlc"))
    #expect(run.standardError.isEmpty)
  }
}
