import Foundation
import TestSupport
import Testing

/// Runs one after the other over one store, with what the reference says about each. `tools/reference/goldens.py` writes them.
struct GoldenSequence: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  /// The sentence of the language's definition at which it aims.
  let spec: String
  let schema: String
  let prompts: [String: String]
  /// A folder of Goldens/models; the model that ships with the program if there is none.
  let model: String?
  /// Options of each run.
  let options: [String]?
  let runs: [Run]

  struct Run: Decodable {
    let prompt: String
    let options: [String]
    /// Tokens of the prompt, how many of them come from the store, and how many of these are exact.
    let usage: [Int]?
    /// A step a token: the likeliest tokens and their log-probabilities.
    let steps: [[[Double]]]?
    /// Where the definition does not say how many come from the store: how many do at least and at most.
    let cached_between: [Int]?
    let exact_tokens: Int?
  }

  var testDescription: String { name }

  /// The sequences in a file of Goldens.
  static func all(in file: String) -> [GoldenSequence] {
    do {
      return try JSONDecoder().decode(
        [GoldenSequence].self, from: Data(contentsOf: GoldenCase.goldens.appending(path: file)))
    } catch {
      Issue.record("no goldens: \(error)")
      return []
    }
  }

  /// Warms the schema, then answers each prompt, and compares.
  func check() async throws {
    let folder = try TemporaryFolder()
    try folder.write(schema, to: "schema.pml")
    for (name, prompt) in prompts { try folder.write(prompt, to: "\(name).pml") }
    let environment = ["PMLC_STORE": folder.path("store")]
    let model = model.map {
      ["--model", GoldenCase.goldens.appending(path: "models/\($0)").path(percentEncoded: false)]
    }
    let common = (options ?? []) + (model ?? [])
    let warm = try await PMLC.run(["warm", "schema.pml", "--kv", "f32"] + common, environment: environment, in: folder)
    try #require(warm.status == 0, "\(warm.standardError)")
    for run in runs {
      let found = try RunResult(
        await PMLC.run(
          ["run", "\(run.prompt).pml", "--json", "--logprobs", "3", "--max-tokens", "3"] + run.options + common,
          environment: environment, in: folder))
      let usage = [found.usage.prompt_tokens, found.usage.cached_tokens, found.usage.exact_tokens]
      if let wanted = run.usage { #expect(usage == wanted, "\(run.options), \(spec)") }
      if let between = run.cached_between, between.count == 2 {
        #expect(usage[1] >= between[0] && usage[1] <= between[1], "\(run.options), \(spec)")
      }
      if let exact = run.exact_tokens { #expect(usage[2] == exact, "\(run.options), \(spec)") }
      GoldenCase.check(found, steps: run.steps ?? [], "\(run.options), \(spec)")
    }
  }
}

/// Joint encodings, by the program and by the reference.
@Suite struct GoldenSequenceTests {
  @Test(arguments: GoldenSequence.all(in: "joint.json"))
  func joint(_ sequence: GoldenSequence) async throws { try await sequence.check() }

  @Test(arguments: GoldenSequence.all(in: "repair.json"))
  func repair(_ sequence: GoldenSequence) async throws { try await sequence.check() }
}
