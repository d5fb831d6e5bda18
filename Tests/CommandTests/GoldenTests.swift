import Foundation
import TestSupport
import Testing

/// The program against an independent reading of the language, in Python, and of inference, by `transformers`.
@Suite struct GoldenTests {
  @Test(arguments: GoldenCase.all.filter { $0.inspection != nil })
  func layout(_ golden: GoldenCase) async throws {
    let folder = try golden.write()
    let run = try await PMLC.run(["inspect", "schema.pml", "--json"] + golden.arguments, in: folder)
    #expect(run.status == 0, "\(run.standardError)")
    let found = try JSONDecoder().decode(GoldenCase.Inspection.self, from: Data(run.standardOutput.utf8))
    #expect(found == golden.inspection, "\(golden.spec)")
  }

  @Test(arguments: GoldenCase.all.filter { $0.wrong != nil })
  func refusal(_ golden: GoldenCase) async throws {
    let folder = try golden.write()
    let file = try #require(golden.wrong)
    var arguments = ["check", file] + golden.arguments
    if golden.model == nil { arguments += ["--model", Self.demoModel] }
    if file == "prompt.pml" { arguments += ["--schema", "schema.pml"] }
    let run = try await PMLC.run(arguments, in: folder)
    #expect(run.status == 1, "\(golden.spec): \(run.standardError)")
    #expect(run.standardOutput.isEmpty)

    let codes = run.standardError.matches(of: /error\[PML(\d)\d\d\]/).compactMap { Int($0.output.1) }
    let hundreds = ["xml": 0, "grammar": 1, "schema": 2, "prompt": 3, "layout": 4]
    let wanted = golden.kinds?.compactMap { hundreds[$0] } ?? []
    #expect(!Set(codes).isDisjoint(with: wanted), "\(golden.spec): \(run.standardError)")
  }

  @Test(arguments: GoldenCase.all.filter { $0.cached != nil })
  func answer(_ golden: GoldenCase) async throws {
    let folder = try golden.write()
    let store = ["PMLC_STORE": folder.path("store")]
    let options = golden.arguments
    let warm = try await PMLC.run(
      ["warm", "schema.pml", "--kv", "f32", "--json"] + options, environment: store, in: folder)
    #expect(try WarmResult(warm).encodings.computed == golden.encodings)

    // The rules for plain encodings: another scaffold's may happen to be the joint ones of this prompt.
    for (expected, extra) in [(golden.cached, ["--joint", "off"]), (golden.uncached, ["--no-cache"])] {
      let expected = try #require(expected)
      let run = try await PMLC.run(
        ["run", "prompt.pml", "--schema", "schema.pml", "--json", "--logprobs", "3", "--max-tokens", "3"] + extra
          + options,
        environment: store, in: folder)
      let found = try RunResult(run)
      #expect([found.usage.prompt_tokens, found.usage.cached_tokens] == expected.usage, "\(golden.spec)")
      GoldenCase.check(found, steps: expected.steps, golden.spec)
    }
  }

  static let demoModel = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "../../Models/docqa").standardizedFileURL.path(percentEncoded: false)
}

extension GoldenCase {
  /// Compares the likeliest tokens of each step of an answer with the reference's.
  static func check(_ found: RunResult, steps: [[[Double]]], _ comment: String) {
    for (step, likeliest) in steps.enumerated() {
      // The other tokens' order may differ where two are all but equally likely, so look them up.
      guard let logprobs = found.logprobs?.dropFirst(step).first else {
        Issue.record("no token \(step), \(comment)")
        return
      }
      for entry in likeliest where entry.count == 2 {
        guard let same = logprobs.top.first(where: { Double($0.token_id) == entry[0] }) else { continue }
        #expect(abs(same.logprob - entry[1]) < 1e-3, "token \(step), \(comment)")
      }
      #expect(abs((logprobs.top.first?.logprob ?? 0) - likeliest[0][1]) < 1e-3, "token \(step), \(comment)")
    }
  }
}
