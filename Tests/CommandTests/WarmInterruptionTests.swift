import Foundation
import TestSupport
import Testing

/// `warm` killed at any instant and run again ends in what an undisturbed run leaves.
@Suite struct WarmInterruptionTests {
  private static let examples = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "../../Examples/handbook").standardizedFileURL

  private static func document(_ name: String) -> String {
    examples.appending(path: name).path(percentEncoded: false)
  }

  private func warm(store: String) throws -> RunningPMLC {
    try PMLC.start(
      ["warm", Self.document("handbook.pml"), "--kv", "f32", "--json"], environment: ["PMLC_STORE": store])
  }

  private func answer(store: String) async throws -> RunResult {
    try RunResult(
      await PMLC.run(
        ["run", Self.document("mayor.pml"), "--json", "--logprobs", "3", "--max-tokens", "4"],
        environment: ["PMLC_STORE": store]))
  }

  private func segmentLengths() async throws -> Set<Int> {
    let run = try await PMLC.run(["inspect", Self.document("handbook.pml"), "--json"])
    let layout = try JSONDecoder().decode(GoldenCase.Inspection.self, from: Data(run.standardOutput.utf8))
    return Set(layout.segments.map(\.tokens.count))
  }

  @Test func killedAnywhere() async throws {
    let folder = try TemporaryFolder()
    let clock = ContinuousClock()
    let start = clock.now
    let undisturbed = try WarmResult(try await warm(store: folder.path("whole")).finish())
    let duration = clock.now - start
    let total = undisturbed.encodings.computed + undisturbed.encodings.reused
    let lengths = try await segmentLengths()
    let expected = try #require(try StoreContents(of: folder.path("whole"), segmentLengths: lengths))
    let expectedAnswer = try await answer(store: folder.path("whole"))
    let encodings = Set(expected.encodings).count
    #expect(encodings == undisturbed.encodings.computed)

    for attempt in 0..<4 {
      let store = folder.path("killed-\(attempt)")
      // Killed several times over, each time further on.
      for step in 1...3 {
        let running = try warm(store: store)
        try await Task.sleep(for: duration * (Double.random(in: 0...1) * Double(step) / 3))
        running.kill()
        _ = try await running.finish()
      }
      let stored = try expected.encodings(in: store)
      let completed = try WarmResult(try await warm(store: store).finish())
      // What was committed is not computed again.
      #expect(completed.encodings.computed == encodings - stored)
      #expect(completed.encodings.reused + completed.encodings.computed == total)
      #expect(completed.version == 1)

      let found = try StoreContents(of: store, segmentLengths: lengths)
      #expect(found == expected)
      let answer = try await answer(store: store)
      #expect(answer.token_ids == expectedAnswer.token_ids)
      #expect(answer.usage == expectedAnswer.usage)
      #expect(answer.logprobs?.map(\.logprob) == expectedAnswer.logprobs?.map(\.logprob))
    }
  }
}
