import Foundation
import TestSupport
import Testing

/// `pmlc audit`.
@Suite struct AuditTests {
  /// What `pmlc audit --json` prints of one prompt.
  private struct Report: Decodable {
    let prompt: String
    let schema: String
    let kv: String
    let passed: Bool
    let prompt_tokens: Int
    let cached_tokens: Int
    let positions: Int
    let kl: Divergence
    let agreement: Double
    let cached: Answer
    let baseline: Answer

    struct Divergence: Decodable {
      let mean: Double
      let max: Double
    }

    struct Answer: Decodable, Equatable {
      let text: String
      let token_ids: [Int]
      let finish_reason: String
    }
  }

  private static let vocabulary = 2048

  let folder: TemporaryFolder
  let store: [String: String]

  init() throws {
    folder = try Documents.folder()
    // A union and a parameter: positions with gaps, so that the cache has something to change.
    try folder.write(
      """
      <schema name="gaps">
        <module name="person">The mayor of Kadale is Tolva Bremmer.</module>
        <union>
          <module name="short">Kadale lies by the sea.</module>
          <module name="long">Kadale lies in the hills, far from every road, and trains stop there on Sundays.</module>
        </union>
        <module name="ask"><param name="what" length="12"/></module>
      </schema>
      """, to: "gaps.pml")
    try folder.write(
      #"<prompt schema="gaps"><person/><short/><ask what="the mayor"/> Question: Who is it? Answer:</prompt>"#,
      to: "gaps-prompt.pml")
    store = ["PMLC_STORE": folder.path("store")]
  }

  private func pmlc(_ arguments: String...) async throws -> PMLC.Result {
    try await PMLC.run(arguments, environment: store, in: folder)
  }

  private func reports(_ run: PMLC.Result) throws -> [Report] {
    try run.standardOutput.split(separator: "\n").map {
      try JSONDecoder().decode(Report.self, from: Data($0.utf8))
    }
  }

  private func answer(_ options: String...) async throws -> RunResult {
    try RunResult(
      try await PMLC.run(
        ["run", "gaps-prompt.pml", "--schema", "gaps.pml", "--logprobs", "\(Self.vocabulary)"] + options,
        environment: store, in: folder))
  }

  /// Σ p · ln(p / q).
  private func divergence(_ p: RunResult.Entry, _ q: RunResult.Entry) -> Double {
    let other = Dictionary(uniqueKeysWithValues: q.top.map { ($0.token_id, $0.logprob) })
    return p.top.reduce(0) { $0 + exp($1.logprob) * ($1.logprob - (other[$1.token_id] ?? .nan)) }
  }

  @Test(arguments: ["f16", "q8"])
  func agreesWithWhatRunsReport(kv: String) async throws {
    let audit = try await pmlc(
      "audit", "gaps-prompt.pml", "--schema", "gaps.pml", "--kv", kv, "--max-tokens", "1", "--json")
    #expect(audit.status == 0, "\(audit.standardError)")
    let report = try #require(try reports(audit).first)
    let cached = try await answer("--kv", kv, "--max-tokens", "1")
    let baseline = try await answer("--no-cache", "--max-tokens", "1")
    let (p, q) = (try #require(baseline.logprobs?.first), try #require(cached.logprobs?.first))
    #expect(p.top.count == Self.vocabulary)
    let expected = divergence(p, q)
    #expect(expected > 1e-6)
    #expect(abs(report.kl.mean - expected) < 1e-5 + 1e-3 * expected)
    #expect(report.kl.max == report.kl.mean && report.positions == 1)
    #expect(report.agreement == (p.top.first?.token_id == q.top.first?.token_id ? 1 : 0))
    #expect(report.cached.token_ids == cached.token_ids && report.cached.text == cached.text)
    #expect(report.baseline.token_ids == baseline.token_ids && report.baseline.text == baseline.text)
    #expect(report.cached.finish_reason == "length" && report.baseline.finish_reason == "length")
    #expect(report.prompt_tokens == cached.usage.prompt_tokens && report.cached_tokens == cached.usage.cached_tokens)
    #expect(report.cached_tokens > 0 && report.kv == kv && report.schema == "gaps" && report.passed)
  }

  @Test func answersAreThoseOfRuns() async throws {
    let audit = try await pmlc("audit", "gaps-prompt.pml", "--schema", "gaps.pml", "--max-tokens", "40", "--json")
    let report = try #require(try reports(audit).first)
    let cached = try await answer("--max-tokens", "40")
    let baseline = try await answer("--no-cache", "--max-tokens", "40")
    #expect(report.cached.token_ids == cached.token_ids && report.cached.text == cached.text)
    #expect(report.cached.finish_reason == cached.finish_reason)
    #expect(report.baseline.token_ids == baseline.token_ids && report.baseline.text == baseline.text)
    #expect(report.baseline.finish_reason == baseline.finish_reason)
    // The end of an answer is expected too.
    let ends = baseline.finish_reason == "stop" ? 1 : 0
    #expect(report.positions == baseline.token_ids.count + ends)
  }

  @Test func whereEachSeesWhatItSeesInThePromptNothingChanges() async throws {
    try folder.write(
      #"<schema name="one">Answer.<module name="a"> One.<module name="n"> Nested.</module></module></schema>"#,
      to: "one.pml")
    try folder.write(#"<prompt schema="one"><a><n/></a> Go:</prompt>"#, to: "one-prompt.pml")
    let audit = try await pmlc(
      "audit", "one-prompt.pml", "one-prompt.pml", "--schema", "one.pml", "--kv", "f32", "--max-tokens", "8", "--json",
      "--max-kl", "1e-6", "--min-agreement", "1")
    #expect(audit.status == 0, "\(audit.standardError)")
    let found = try reports(audit)
    #expect(found.count == 2)
    for report in found {
      #expect(report.kl.max < 1e-6 && report.agreement == 1 && report.cached == report.baseline)
    }
  }

  @Test func boundsDecideTheExitStatus() async throws {
    let within = try await pmlc(
      "audit", "gaps-prompt.pml", "--schema", "gaps.pml", "--max-kl", "100", "--min-agreement", "0")
    #expect(within.status == 0, "\(within.standardError)")
    #expect(within.standardOutput.contains("divergence") && within.standardOutput.contains("uncached"))
    // The first warmed the states that these need.
    let audit = try await pmlc("audit", "gaps-prompt.pml", "--schema", "gaps.pml", "--max-kl", "0", "--json")
    #expect(audit.status == 1)
    #expect(audit.standardError.contains("`gaps-prompt.pml`: divergence of"))
    #expect(try reports(audit).map(\.passed) == [false])
  }

  @Test func theNewestVersionIsUsedWithoutASchema() async throws {
    let none = try await pmlc("audit", "prompt.pml")
    #expect(none.status == 2)
    _ = try WarmResult(try await pmlc("warm", "gaps.pml", "--kv", "q8", "--json"))
    _ = try WarmResult(try await pmlc("warm", "schema.pml", "--json"))
    let audit = try await pmlc("audit", "prompt.pml", "gaps-prompt.pml", "--max-tokens", "2", "--json")
    #expect(audit.status == 0, "\(audit.standardError)")
    #expect(try reports(audit).map { "\($0.schema) \($0.kv)" } == ["s f16", "gaps q8"])
  }

  @Test func wrongOptionsAndPromptsAreRefused() async throws {
    for options in [["--max-kl", "-1"], ["--min-agreement", "1.5"], ["--max-tokens", "0"]] {
      let run = try await PMLC.run(["audit", "prompt.pml"] + options, environment: store, in: folder)
      #expect(run.status == 64)
    }
    try folder.write(#"<prompt schema="s"><x/></prompt>"#, to: "wrong.pml")
    let wrong = try await pmlc("audit", "prompt.pml", "wrong.pml", "--schema", "schema.pml", "--json")
    #expect(wrong.status == 1 && wrong.standardOutput.isEmpty)
    #expect(wrong.standardError.contains("wrong.pml:1:21: error[PML302]"))
    #expect(folder.files(in: "store").isEmpty)
  }
}
