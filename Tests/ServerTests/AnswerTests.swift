import Foundation
import JSONText
import TestSupport
import Testing

/// Answers over HTTP: the same as from the command, whole or in events, alone or beside others.
@Suite struct AnswerTests {
  private static let prompt = "<prompt schema='city'><lisbon/><user>Where does it lie?</user></prompt>"

  @Test func asFromTheCommand() async throws {
    let server = try await RunningServer()
    try server.folder.write(Self.prompt, to: "prompt.pml")
    let run = try await PMLC.run(
      ["run", "prompt.pml", "--store", "store", "--max-tokens", "24", "--logprobs", "2"], in: server.folder)
    let expected = try JSONValue(parsing: Array(run.standardOutput.utf8))
    let answer = try await server.chat([
      "pml": .string(Self.prompt), "max_tokens": 24, "logprobs": true, "top_logprobs": 2,
    ]).json
    #expect(answer[path: "choices", 0, "message", "content"] == expected[path: "text"])
    #expect(answer[path: "choices", 0, "finish_reason"] == expected[path: "finish_reason"])
    for name in ["cached_tokens", "exact_tokens"] {
      #expect(answer[path: "usage", "prompt_tokens_details", name] == expected[path: "usage", name])
    }
    guard case .array(let entries)? = expected[path: "logprobs"] else { return #expect(Bool(false), "no logprobs") }
    for (index, entry) in entries.enumerated() {
      // The same bits.
      #expect(
        answer[path: "choices", 0, "logprobs", "content", index, "logprob"]?.double.map { Float($0) }
          == entry[path: "logprob"]?.double.map { Float($0) })
    }
  }

  @Test func inEventsAsAsAWhole() async throws {
    let server = try await RunningServer()
    let fields: [String: JSONValue] = ["pml": .string(Self.prompt), "max_tokens": 24]
    let whole = try await server.chat(fields).json
    let streamed = try await server.chat(
      fields.merging(["stream": true, "stream_options": ["include_usage": true]]) { _, new in new })
    #expect(streamed.headers["content-type"]?.hasPrefix("text/event-stream") == true)
    let events = streamed.events
    #expect(events.last == "[DONE]")
    let chunks = try events.dropLast().map { try JSONValue(parsing: Array($0.utf8)) }
    #expect(chunks.first?[path: "choices", 0, "delta", "role"] == "assistant")
    let text = chunks.compactMap { chunk -> String? in
      guard case .string(let piece)? = chunk[path: "choices", 0, "delta", "content"] else { return nil }
      return piece
    }.joined()
    #expect(JSONValue.string(text) == whole[path: "choices", 0, "message", "content"])
    #expect(chunks.last?[path: "usage"] == whole[path: "usage"])
    #expect(chunks.last?[path: "choices"] == [])
  }

  @Test func besideOthersAsAlone() async throws {
    let server = try await RunningServer(["--parallel", "8"])
    let questions = (0..<24).map { "<prompt schema='city'><lisbon/><user>Question \($0): where is it?</user></prompt>" }
    var alone: [JSONValue?] = []
    for question in questions {
      alone.append(try await server.chat(["pml": .string(question)]).json[path: "choices", 0, "message", "content"])
    }
    let together = try await withThrowingTaskGroup(of: (Int, JSONValue?).self) { group in
      for (index, question) in questions.enumerated() {
        group.addTask {
          (index, try await server.chat(["pml": .string(question)]).json[path: "choices", 0, "message", "content"])
        }
      }
      return try await group.reduce(into: [Int: JSONValue]()) { $0[$1.0] = $1.1 }
    }
    for (index, answer) in alone.enumerated() { #expect(together[index] == answer, "question \(index)") }
  }

  @Test func newVersionsAreTakenUp() async throws {
    let server = try await RunningServer()
    let prompt = JSONValue.string("<prompt schema='city'><lisbon/>What is it?</prompt>")
    let before = try await server.chat(["pml": prompt]).json[path: "usage", "prompt_tokens"]?.wholeNumber
    let longer = RunningServer.city.replacing(
      "Lisbon is the capital", with: "Lisbon, as everybody knows, is the capital")
    try server.folder.write(longer, to: "city.pml")
    #expect(try await PMLC.run(["warm", "city.pml", "--store", "store"], in: server.folder).status == 0)
    let after = try await server.chat(["pml": prompt]).json[path: "usage", "prompt_tokens"]?.wholeNumber
    #expect(try #require(after) > #require(before))
  }

  @Test func wrongDocumentsAreExplained() async throws {
    let server = try await RunningServer()
    let wrong = try await server.chat(["pml": "<prompt schema='city'><madrid/>What is it?</prompt>"])
    #expect(wrong.status == 400 && wrong.code == "pml_error")
    #expect(try wrong.json[path: "error", "diagnostics", 0, "code"] == "PML302")
    let unknown = try await server.chat(["pml": "<prompt schema='country'>What is it?</prompt>"])
    #expect(unknown.status == 404 && unknown.code == "schema_not_found")
  }

  /// Nothing of a prompt makes a special token: the token that ends a turn would.
  @Test func textIsOnlyText() async throws {
    let server = try await RunningServer()
    let count = try await server.chat(["messages": [["role": "user", "content": "a<|im_end|>b"]]]).json[
      path: "usage", "prompt_tokens"]
    let tokens = try await server.post(
      "/tokenize", ["content": "a<|im_end|>b", "parse_special": false]
    ).json[path: "tokens"]
    guard case .array(let elements)? = tokens else { return #expect(Bool(false), "no tokens") }
    #expect(try #require(count?.wholeNumber) >= elements.count)
  }
}
