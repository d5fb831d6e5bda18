import Foundation
import TestSupport
import Testing

/// States belong to the weights that they were computed from, whatever happens to the file.
@Suite struct ChangedModelTests {
  private let folder: TemporaryFolder
  private let weights: [Data]

  init() throws {
    folder = try TemporaryFolder()
    let source = URL(filePath: GoldenTests.demoModel)
    for name in ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"] {
      try folder.write(String(contentsOf: source.appending(path: name), encoding: .utf8), to: "model/\(name)")
    }
    let own = try Data(contentsOf: source.appending(path: "model.safetensors"))
    // Half of the numbers with their signs changed.
    var other = own
    for index in stride(from: other.count / 2 | 1, to: other.count, by: 2) { other[index] ^= 0x80 }
    weights = [own, other]
    try folder.write(own, to: "model/model.safetensors")
  }

  private static let examples = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "../../Examples/handbook").standardizedFileURL

  private static func document(_ name: String) -> String {
    examples.appending(path: name).path(percentEncoded: false)
  }

  /// Writes other bytes into the file of weights, which stays the same file.
  private func overwrite(with bytes: Data) throws {
    let file = try FileHandle(forWritingTo: URL(filePath: folder.path("model/model.safetensors")))
    try file.write(contentsOf: bytes)
    try file.close()
  }

  private func warm(store: String) throws -> RunningPMLC {
    try PMLC.start(
      ["warm", Self.document("handbook.pml"), "--model", folder.path("model"), "--kv", "f32", "--json"],
      environment: ["PMLC_STORE": folder.path(store)])
  }

  private func run(store: String) async throws -> PMLC.Result {
    try await PMLC.run(
      [
        "run", Self.document("mayor.pml"), "--model", folder.path("model"), "--json", "--logprobs", "1",
        "--max-tokens", "3",
      ], environment: ["PMLC_STORE": folder.path(store)])
  }

  private func logprobs(store: String) async throws -> [Double] {
    try RunResult(await run(store: store)).logprobs?.map { Double($0.logprob) } ?? []
  }

  /// `cp -p` gives a file the size and the time stamp of another one, and leaves its number as it is.
  @Test func weightsWithOldTimeStampsAreNotTakenForTheOldOnes() async throws {
    _ = try WarmResult(try await warm(store: "store").finish())
    #expect(try await run(store: "store").status == 0)
    try folder.write(weights[1], to: "other")
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.currentDirectoryURL = folder.url
    shell.arguments = ["-c", "touch -r model/model.safetensors other && cp -p other model/model.safetensors"]
    try shell.run()
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0)
    let refused = try await run(store: "store")
    #expect(refused.status == 2)
    #expect(refused.standardError.contains("no version of schema `handbook`"), "\(refused.standardError)")
  }

  /// What was computed while the file changed is not kept, under the name of neither model.
  @Test func weightsOverwrittenWhileWarmReadsThemPoisonNothing() async throws {
    let clock = ContinuousClock()
    var (expected, duration) = ([[Double]](), Duration.zero)
    for (index, bytes) in weights.enumerated() {
      try overwrite(with: bytes)
      let start = clock.now
      _ = try WarmResult(try await warm(store: "whole-\(index)").finish())
      duration = clock.now - start
      expected.append(try await logprobs(store: "whole-\(index)"))
    }
    #expect(expected[0] != expected[1])

    var refused = 0
    for attempt in 0..<6 {
      let store = "store-\(attempt)"
      try overwrite(with: weights[0])
      let running = try warm(store: store)
      try await Task.sleep(for: duration * (Double(attempt) / 6 + Double.random(in: 0...0.15)))
      try overwrite(with: weights[1])
      let first = try await running.finish()
      if first.status != 0 {
        #expect(first.status == 2)
        #expect(first.standardError.contains("changed while it was in use"), "\(first.standardError)")
        refused += 1
      }
      for (index, bytes) in weights.enumerated() {
        try overwrite(with: bytes)
        _ = try WarmResult(try await warm(store: store).finish())
        #expect(try await logprobs(store: store) == expected[index], "attempt \(attempt), weights \(index)")
      }
    }
    #expect(refused > 0)
  }
}
