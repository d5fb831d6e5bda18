import Foundation
import TestSupport
import Testing

/// `pmlc bench`.
struct BenchTests {
  private struct Report: Decodable {
    let threads: Int
    let kv: String
    let cached_tokens: Int
    let computed_tokens: Int
    let cached_ttft_ms: Double
    let full_ttft_ms: Double
    let speedup: Double
    let decode_tokens_per_second: Double
    let warm_tokens_per_second: Double
    let store: Store

    struct Store: Decodable {
      let bytes: Int
      let first_lookup_ms: Double
      let lookup_ms: Double
    }
  }

  @Test(arguments: ["f32", "f16", "q8"])
  func measuresOneObjectASizeAndLeavesNothingBehind(kv: String) async throws {
    let temporary = try TemporaryFolder()
    let run = try await PMLC.run(
      [
        "bench", "--json", "--cached", "300", "--cached", "500", "--new", "30", "--repeats", "1", "--threads", "1",
        "--kv",
        kv,
      ],
      environment: ["TMPDIR": temporary.path("")])
    #expect(run.status == 0, "\(run.standardError)")
    let reports = try run.standardOutput.split(separator: "\n").map {
      try JSONDecoder().decode(Report.self, from: Data($0.utf8))
    }
    #expect(reports.count == 2)
    for (report, asked) in zip(reports, [300, 500]) {
      #expect((asked - 60...asked).contains(report.cached_tokens))
      #expect((10...30).contains(report.computed_tokens))
      #expect(report.kv == kv)
      #expect(report.threads == 1)
      for time in [
        report.cached_ttft_ms, report.full_ttft_ms, report.decode_tokens_per_second, report.warm_tokens_per_second,
        report.store.first_lookup_ms, report.store.lookup_ms,
      ] {
        #expect(time > 0)
      }
      #expect(abs(report.speedup - report.full_ttft_ms / report.cached_ttft_ms) < 1e-6)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path("")).isEmpty)
  }

  @Test func whatDoesNotFitIsRefused() async throws {
    let run = try await PMLC.run(["bench", "--cached", "100000", "--repeats", "1"])
    #expect(run.status == 2)
    #expect(run.standardError.contains("do not fit the model's"))
    #expect(run.standardError.contains("--cached"))
  }
}
