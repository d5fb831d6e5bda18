import Foundation
import JSONText
import TestSupport
import Testing

/// A server whose store is a cache of a remote one.
@Suite(.enabled(if: ObjectServer.isAvailable)) struct RemoteServerTests {
  private let server: ObjectServer
  private let url = "s3://\(ObjectServer.bucket)/\(UUID().uuidString.lowercased())"

  init() throws { server = try .shared }

  private func warm(_ text: String = RunningServer.city) async throws {
    let folder = try TemporaryFolder()
    try folder.write(text, to: "city.pml")
    let result = try await PMLC.run(
      ["warm", "city.pml", "--store", "store", "--remote", url], environment: server.environment(), in: folder)
    try #require(result.status == 0 && result.standardOutput.contains("published"), "\(result.standardError)")
  }

  private func ask(_ running: RunningServer, _ module: String = "lisbon") async throws -> (status: Int, text: String) {
    let answer = try await running.post(
      "/v1/chat/completions",
      [
        "pml": .string("<prompt schema=\"city\"><\(module)/>Which river?</prompt>"), "messages": [],
        "max_tokens": .integer(4),
      ])
    return (answer.status, answer.text)
  }

  /// One that comes up with an empty store answers from what another machine warmed, sees newer versions, and goes on without
  /// the remote store.
  @Test func startsEmpty() async throws {
    try await warm()
    let relay = try FaultyRelay(to: server.port)
    let folder = try TemporaryFolder()
    let running = try await RunningServer(
      ["--remote", url], in: folder, environment: server.environment(port: relay.port))
    let first = try await ask(running)
    #expect(first.status == 200, "\(first.text)")
    let metrics = try await running.get("/metrics").text
    #expect(metrics.contains("pmlc_remote_up 1"))
    let fetched = try #require(metrics.firstMatch(of: /pmlc_remote_fetches\{outcome="fetched"\} (\d+)/))
    #expect((Int(fetched.output.1) ?? 0) > 0)

    try await warm(RunningServer.city.replacingOccurrences(of: "Tagus", with: "Tejo"))
    let start = ContinuousClock.now
    var version = ""
    while !version.contains("\"version\":2"), ContinuousClock.now - start < .seconds(20) {
      _ = try await ask(running)
      version = try await running.get("/v1/schemas/city").text
      try await Task.sleep(for: .milliseconds(100))
    }
    #expect(ContinuousClock.now - start < .seconds(20), "\(version.prefix(300))")

    // Shut off under load.
    let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
      for index in 0..<16 {
        group.addTask {
          try await Task.sleep(for: .milliseconds(index * 40))
          if index == 4 { relay.mode = .refusing }
          return try await ask(running, index % 2 == 0 ? "lisbon" : "porto").status
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(statuses.allSatisfy { $0 == 200 })
    #expect(!running.process.standardError.contains(ObjectServer.writer.secret))
  }
}
