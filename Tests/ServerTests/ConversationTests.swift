import Foundation
import JSONText
import TestSupport
import Testing

/// Conversations: each turn costs its new tokens, and what is marked stays.
@Suite struct ConversationTests {
  private func cached(_ answer: JSONValue) throws -> Int {
    try #require(answer[path: "usage", "prompt_tokens_details", "cached_tokens"]?.wholeNumber)
  }

  @Test func turnsGoOnFromTheLast() async throws {
    let server = try await RunningServer()
    let fresh = try await RunningServer(["--conversation-bytes", "0"])
    var messages: [JSONValue] = [
      ["role": "system", "content": .string("Be brief. " + String(repeating: "word ", count: 100))]
    ]
    var before = 0
    for turn in 0..<10 {
      messages.append(["role": "user", "content": .string("Question \(turn): and what of that, if you please?")])
      let answer = try await server.chat(["messages": .array(messages)]).json
      #expect(try cached(answer) >= before, "turn \(turn)")
      before = try #require(answer[path: "usage", "prompt_tokens"]?.wholeNumber)
      let text = try #require(answer[path: "choices", 0, "message", "content"])
      // Not a bit depends on it.
      let other = try await fresh.chat(["messages": .array(messages)]).json
      #expect(try cached(other) == 0 && other[path: "choices", 0, "message", "content"] == text)
      messages.append(["role": "assistant", "content": text])
    }
  }

  @Test(arguments: ["cache_control", "prompt_cache_breakpoint"])
  func markedBlocksOutliveTheServer(name: String) async throws {
    let block = JSONValue.object([
      "type": "text", "text": .string("The rules. " + String(repeating: "Be kind. ", count: 50)),
      name: ["type": "ephemeral"],
    ])
    let request: [String: JSONValue] = [
      "messages": [["role": "system", "content": .array([block])], ["role": "user", "content": "What are they?"]]
    ]
    let server = try await RunningServer()
    let first = try await server.chat(request).json
    let kept = try cached(first)
    #expect(kept > 100)
    server.process.kill()
    _ = try await server.process.finish()
    let next = try await RunningServer(in: server.folder)
    let again = try await next.chat(request).json
    #expect(try cached(again) >= kept)
    #expect(again[path: "choices", 0, "message"] == first[path: "choices", 0, "message"])
    let listed = try await PMLC.run(["store", "ls", "--joint", "--json", "--store", "store"], in: server.folder)
    #expect(listed.standardOutput.contains("system message"))
  }

  @Test func keysHaveConversationsOfTheirOwn() async throws {
    let folder = try TemporaryFolder()
    try folder.write("alice a-key\nbob b-key\n", to: "keys")
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.path("keys"))
    let server = try await RunningServer(["--keys", "keys"], in: folder)
    let request: [String: JSONValue] = [
      "messages": [["role": "user", "content": .string(String(repeating: "a secret ", count: 50))]]
    ]
    _ = try await server.chat(request, key: "a-key")
    #expect(try await cached(server.chat(request, key: "b-key").json) == 0)
    #expect(try await cached(server.chat(request, key: "a-key").json) > 0)
  }

  @Test func choicesShareThePrompt() async throws {
    let server = try await RunningServer()
    let messages: JSONValue = [["role": "user", "content": .string(String(repeating: "word ", count: 200))]]
    let several = try await server.chat(["messages": messages, "n": 3, "temperature": 1.5, "seed": 5]).json
    for number in 0..<3 {
      let one = try await server.chat(["messages": messages, "temperature": 1.5, "seed": .integer(5 + number)]).json
      #expect(
        several[path: "choices", number, "message", "content"] == one[path: "choices", 0, "message", "content"],
        "choice \(number)")
    }
    #expect(several[path: "usage", "completion_tokens"]?.wholeNumber ?? 0 <= 24)
  }

  @Test func layoutsAddUp() async throws {
    let server = try await RunningServer()
    let answer = try await server.chat([
      "pml": "<prompt schema='city'><lisbon/><user>Where is it?</user></prompt>", "layout": true,
    ]).json
    guard case .array(let parts)? = answer[path: "prompt_layout"] else { return #expect(Bool(false), "no layout") }
    func sum(_ name: String) -> Int { parts.reduce(0) { $0 + ($1[key: name]?.wholeNumber ?? 0) } }
    #expect(sum("tokens") == answer[path: "usage", "prompt_tokens"]?.wholeNumber)
    #expect(try sum("cached") == cached(answer))
    #expect(sum("exact") == answer[path: "usage", "prompt_tokens_details", "exact_tokens"]?.wholeNumber)
    #expect(sum("cached") + sum("computed") == sum("tokens"))
    #expect(parts.map { $0[key: "path"] } == ["", "lisbon", nil])
  }
}
