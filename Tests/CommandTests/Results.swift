import Foundation
import TestSupport
import Testing

/// What `pmlc warm --json` prints of one schema.
struct WarmResult: Decodable, Sendable {
  let schema: String
  let version: Int
  let hash: String
  let encodings: Encodings
  let tokens_computed: Int
  let bytes_written: Int
  let seconds: Double

  struct Encodings: Decodable, Equatable {
    let reused: Int
    let computed: Int
  }

  init(_ run: PMLC.Result) throws {
    self = try decoded(run)
  }
}

/// What `pmlc run --json` prints.
struct RunResult: Decodable, Sendable {
  let text: String
  let token_ids: [Int]
  let finish_reason: String
  let usage: Usage
  let logprobs: [Entry]?

  struct Usage: Decodable, Equatable {
    let prompt_tokens: Int
    let cached_tokens: Int
    let exact_tokens: Int
    let completion_tokens: Int
  }

  struct Entry: Decodable {
    let token_id: Int
    let logprob: Double
    let top: [Likely]
  }

  struct Likely: Decodable {
    let token_id: Int
    let logprob: Double
  }

  init(_ run: PMLC.Result) throws {
    self = try decoded(run)
  }
}

private func decoded<T: Decodable>(_ run: PMLC.Result) throws -> T {
  #expect(run.status == 0, "\(run.standardError)")
  return try JSONDecoder().decode(T.self, from: Data(run.standardOutput.utf8))
}
