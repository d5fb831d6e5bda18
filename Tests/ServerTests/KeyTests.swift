import Foundation
import JSONText
import TestSupport
import Testing

/// Keys, and the namespaces that they open.
@Suite struct KeyTests {
  private func server(_ keys: String = "alice a-key\n# a comment\n\nbob  b-key\n") async throws -> RunningServer {
    let folder = try await RunningServer.warmedFolder(["--namespace", "alice"])
    try folder.write(keys, to: "keys")
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.path("keys"))
    return try await RunningServer(["--keys", "keys"], in: folder)
  }

  @Test func noKeyNoAnswer() async throws {
    let server = try await server()
    for path in ["/v1/models", "/v1/schemas", "/v1/schemas/city", "/metrics"] {
      for key in [nil, "", "wrong", "a-ke", "a-keyy", "alice a-key"] {
        let answer = try await server.get(path, key: key)
        #expect(answer.status == 401 && answer.code == "invalid_api_key", "\(path) \(key ?? "none")")
      }
      #expect(try await server.get(path, key: "a-key").status == 200, "\(path)")
    }
    for path in [
      "/v1/chat/completions", "/v1/completions", "/v1/schemas", "/tokenize", "/detokenize", "/apply-template",
    ] {
      #expect(try await server.post(path, [:], key: "wrong").status == 401, "\(path)")
    }
    for path in ["/health", "/healthz", "/readyz"] { #expect(try await server.get(path).status == 200, "\(path)") }
  }

  @Test func eachSeesItsOwn() async throws {
    let server = try await server()
    let prompt: [String: JSONValue] = ["pml": "<prompt schema='city'><lisbon/>What is it?</prompt>"]
    #expect(try await server.chat(prompt, key: "a-key").status == 200)
    let other = try await server.chat(prompt, key: "b-key")
    #expect(other.status == 404 && other.code == "schema_not_found")
    #expect(try await server.get("/v1/schemas", key: "b-key").json[path: "data"] == [])
    #expect(try await server.get("/v1/schemas/city", key: "b-key").status == 404)
    let sent = try await server.send(
      "POST", "/v1/schemas", Array("<schema name='bobs'><module name='m'>His own.</module></schema>".utf8), key: "b-key"
    )
    #expect([200, 202].contains(sent.status))
    #expect(try await server.get("/v1/schemas/bobs/warming", key: "b-key").status == 200)
    #expect(try await server.get("/v1/schemas/bobs/warming", key: "a-key").status == 404)
  }

  @Test(arguments: [("alice a-key", 0o644), ("alice", 0o600), ("alice a\nbob a", 0o600), ("", 0o600)])
  func wrongFiles(keys: String, mode: Int) async throws {
    let folder = try TemporaryFolder()
    try folder.write(keys, to: "keys")
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path("keys"))
    let run = try await PMLC.run(["serve", "--port", "0", "--store", "store", "--keys", "keys"], in: folder)
    #expect(run.status == 2 && run.standardError.contains("keys"), "\(run.standardError)")
  }

  @Test func otherAddressesNeedKeys() async throws {
    let run = try await PMLC.run(["serve", "--host", "0.0.0.0", "--port", "0"])
    #expect(run.status == 64 && run.standardError.contains("--insecure"))
  }
}
