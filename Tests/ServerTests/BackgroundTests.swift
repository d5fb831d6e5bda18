import Foundation
import JSONText
import TestSupport
import Testing

/// What a server computes while nobody waits for it.
@Suite struct BackgroundTests {
  @Test func schemasAreWarmedBesideAnswers() async throws {
    let server = try await RunningServer()
    let words = (0..<4000).map { "word\($0)" }
    let modules = stride(from: 0, to: words.count, by: 400).map { start in
      "<module name='m\(start)'>\(words[start..<start + 400].joined(separator: " "))</module>"
    }.joined()
    let sent = try await server.send("POST", "/v1/schemas", Array("<schema name='large'>\(modules)</schema>".utf8))
    #expect(sent.status == 202 && sent.headers["location"] == "/v1/schemas/large/warming")
    var done: [Int] = []
    var state = try await server.get("/v1/schemas/large/warming").json
    for _ in 0..<1000 where state[path: "status"] == "warming" {
      #expect(try await server.chat(["messages": [["role": "user", "content": "x"]]]).status == 200)
      state = try await server.get("/v1/schemas/large/warming").json
      done.append(try #require(state[path: "tokens_done"]?.wholeNumber))
    }
    #expect(state[path: "status"] == "done" && state[path: "version"] == 1, "\(state)")
    #expect(state[path: "tokens_done"] == state[path: "tokens_total"])
    #expect(done == done.sorted())
    let again = try await server.send("POST", "/v1/schemas", Array("<schema name='large'>\(modules)</schema>".utf8))
    #expect(again.status == 200)
    #expect(try again.json[path: "status"] == "done")
    let answer = try await server.chat(["pml": "<prompt schema='large'><m400/>What?</prompt>"]).json
    let cached = try #require(answer[path: "usage", "prompt_tokens_details", "cached_tokens"]?.wholeNumber)
    #expect(cached > 400)
  }

  /// An answer that was plain is exact once the server had time to make it so.
  @Test func combinationsAreMadeExact() async throws {
    let schema = """
      <schema name="pair"><module name="a">Alice has a red hat and a dog.</module>
      <module name="b">Bob has a blue hat and a cat.</module></schema>
      """
    let folder = try TemporaryFolder()
    try folder.write(schema, to: "pair.pml")
    #expect(try await PMLC.run(["warm", "pair.pml", "--store", "store"], in: folder).status == 0)
    let server = try await RunningServer(["--joint", "background", "--conversation-bytes", "0"], in: folder)
    let request: [String: JSONValue] = ["pml": "<prompt schema='pair'><a/><b/><user>Who has a cat?</user></prompt>"]
    func exact() async throws -> (exact: Int?, cached: Int?) {
      let details = try await server.chat(request).json[path: "usage", "prompt_tokens_details"]
      return (details?[key: "exact_tokens"]?.wholeNumber, details?[key: "cached_tokens"]?.wholeNumber)
    }
    var found = try await exact()
    #expect(found.exact != found.cached)
    for _ in 0..<200 where found.exact != found.cached {
      try await Task.sleep(for: .milliseconds(20))
      found = try await exact()
    }
    #expect(found.exact == found.cached)
    // It is counted once it is written.
    let metrics = try await server.metrics(with: #"pmlc_joint_combinations{model="demo"} 1"#)
    #expect(metrics.contains(#"pmlc_joint_combinations{model="demo"} 1"#))
  }

  @Test func noneAreMadeUnlessAsked() async throws {
    let server = try await RunningServer(["--conversation-bytes", "0"])
    for _ in 0..<3 { _ = try await server.chat(["pml": "<prompt schema='city'><lisbon/>What is it?</prompt>"]) }
    #expect(try await !server.get("/metrics").text.contains("pmlc_joint_combinations"))
  }
}
