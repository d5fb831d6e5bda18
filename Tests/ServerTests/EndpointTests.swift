import Foundation
import JSONText
import TestSupport
import Testing

/// What each endpoint answers, and how it refuses.
@Suite struct EndpointTests {
  @Test func modelsAndHealth() async throws {
    let server = try await RunningServer()
    for path in ["/health", "/healthz", "/readyz"] { #expect(try await server.get(path).status == 200, "\(path)") }
    let models = try await server.get("/v1/models").json
    #expect(models[path: "data", 0, "id"] == "demo")
    #expect(try await server.get("/v1/models/demo").json[path: "object"] == "model")
    let missing = try await server.get("/v1/models/other")
    #expect(missing.status == 404 && missing.code == "model_not_found")
  }

  @Test func theModelMayComeFromTheEnvironment() async throws {
    let folder = try await RunningServer.warmedFolder()
    let model = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Models/docqa")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("served"), withDestinationPath: model.standardizedFileURL.path(percentEncoded: false))
    try FileManager.default.createDirectory(atPath: folder.path("models"), withIntermediateDirectories: true)
    let named = try await RunningServer(in: folder, environment: ["PMLC_MODEL": "served"])
    #expect(try await named.get("/v1/models").json[path: "data", 0, "id"] == "docqa")
    let option = try await RunningServer(["--model", "demo"], in: folder, environment: ["PMLC_MODEL": "models"])
    #expect(try await option.get("/v1/models").json[path: "data", 0, "id"] == "demo")
  }

  @Test func modelsCanHaveOtherNames() async throws {
    let server = try await RunningServer(["--alias", "small one"])
    #expect(try await server.get("/v1/models/small%20one").status == 200)
    let answer = try await server.chat([
      "model": "small one", "messages": [["role": "user", "content": "Hello"]],
    ])
    #expect(try answer.json[path: "model"] == "small one")
    #expect(try await server.chat(["model": "demo", "messages": [["role": "user", "content": "x"]]]).status == 404)
  }

  @Test func whatIsNotThere() async throws {
    let server = try await RunningServer()
    let nothing = try await server.get("/v2/models")
    #expect(nothing.status == 404)
    #expect(try nothing.json[path: "error", "type"] == "invalid_request_error")
    let method = try await server.send("DELETE", "/v1/models", nil)
    #expect(method.status == 405 && method.headers["allow"] == "GET")
    #expect(method.code == "method_not_allowed")
    #expect(try await server.send("HEAD", "/health", nil).status == 200)
  }

  @Test func requestsHaveIDs() async throws {
    let server = try await RunningServer()
    let given = try await server.send("GET", "/v1/models", nil, headers: ["X-Request-Id": "mine-1"])
    #expect(given.headers["x-request-id"] == "mine-1")
    let strange = try await server.send("GET", "/v1/models", nil, headers: ["X-Request-Id": "no spaces allowed"])
    #expect(strange.headers["x-request-id"]?.hasPrefix("req-") == true)
    #expect(try await server.logged("id=mine-1").count == 1)
  }

  @Test func figures() async throws {
    let server = try await RunningServer()
    _ = try await server.chat(["messages": [], "pml": "<prompt schema='city'><lisbon/>What is it?</prompt>"])
    let text = try await server.metrics(with: #"pmlc_requests_total{route="/v1/chat/completions",status="200"} 1"#)
    func value(_ name: String) -> Double? {
      text.split(separator: "\n").first { $0.hasPrefix(name + " ") }.flatMap { Double($0.dropFirst(name.count + 1)) }
    }
    #expect(value(#"pmlc_requests_total{route="/v1/chat/completions",status="200"}"#) == 1)
    #expect(try #require(value("pmlc_cached_tokens_total")) > 0)
    #expect(
      value("pmlc_prompt_tokens_total")
        == (value("pmlc_cached_tokens_total") ?? 0) + (value("pmlc_computed_tokens_total") ?? 0))
    #expect(value("pmlc_completion_tokens_total") == 8)
    #expect(value("pmlc_time_to_first_token_seconds_count") == 1)
    #expect(value("pmlc_time_between_tokens_seconds_count") == 7)
    #expect(value(#"pmlc_store_versions{model="demo",namespace="default"}"#) == 1)
    #expect(try #require(value("pmlc_store_bytes")) > 0)
    // Each family is told of once, and its buckets rise.
    let families = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
    #expect(Set(families).count == families.count)
  }

  @Test(arguments: ["text", "json"])
  func logHasALineARequest(format: String) async throws {
    let server = try await RunningServer(["--log-format", format])
    _ = try await server.chat(["messages": [["role": "user", "content": "Sesame"]]])
    let lines = try await server.logged("/v1/chat/completions")
    let line = try #require(lines.first)
    #expect(lines.count == 1 && !line.contains("Sesame"))
    if format == "json" {
      let entry = try JSONValue(parsing: Array(line.utf8))
      #expect(entry[path: "status"] == 200 && entry[path: "completion_tokens"] == 8)
      #expect(entry[path: "route"] == "/v1/chat/completions")
    }
  }

  @Test func logHasTextWhereItIsAskedFor() async throws {
    let server = try await RunningServer(["--log-text"])
    _ = try await server.chat(["messages": [["role": "user", "content": "Sesame"]]])
    #expect(try await !server.logged("Sesame").isEmpty)
  }
}
