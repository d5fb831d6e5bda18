import Foundation
import Glibc
import JSONText
import TestSupport
import Testing

/// How a server ends.
@Suite struct DrainTests {
  @Test(arguments: [SIGTERM, SIGINT])
  func endsQuietly(signal: Int32) async throws {
    let server = try await RunningServer()
    server.process.send(signal)
    #expect(try await server.process.finish(timeout: 20).status == 0)
  }

  @Test func requestsUnderWayEnd() async throws {
    let server = try await RunningServer(["--max-answer-tokens", "2000"])
    async let answer = server.chat(["messages": [["role": "user", "content": "x"]], "max_tokens": 2000])
    _ = try await server.metrics(with: #"pmlc_requests_running{model="demo"} 1"#)
    server.process.send(SIGTERM)
    #expect(try await answer.status == 200)
    #expect(try await server.process.finish(timeout: 60).status == 0)
  }

  @Test func secondSignalEndsAtOnce() async throws {
    let server = try await RunningServer(["--max-answer-tokens", "8000", "--drain-seconds", "600"])
    let asking = Task { [server] in
      try? await server.chat([
        "messages": [["role": "user", "content": "x"]], "max_tokens": 8000, "n": 8, "temperature": 2,
      ])
    }
    try await Task.sleep(for: .milliseconds(300))
    server.process.send(SIGTERM)
    try await Task.sleep(for: .milliseconds(200))
    server.process.send(SIGTERM)
    let result = try await server.process.finish(timeout: 20)
    #expect(!result.timedOut && [0, 128 + SIGTERM].contains(result.status))
    // It ends with the server. To cancel what is ending is more than Foundation's client bears.
    _ = await asking.value
  }

  @Test func drainHasAnEnd() async throws {
    let server = try await RunningServer(["--max-answer-tokens", "8000", "--drain-seconds", "1"])
    let asking = Task { [server] in
      try? await server.chat([
        "messages": [["role": "user", "content": "x"]], "max_tokens": 8000, "n": 8, "temperature": 2,
      ])
    }
    try await Task.sleep(for: .milliseconds(300))
    server.process.send(SIGTERM)
    let result = try await server.process.finish(timeout: 30)
    #expect(!result.timedOut && result.status == 0, "\(result.standardError)")
    // It ends with the server. To cancel what is ending is more than Foundation's client bears.
    _ = await asking.value
  }
}
