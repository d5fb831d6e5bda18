import Foundation
import TestSupport
import Testing

/// The interpreter that has what the clients need.
private let python = ProcessInfo.processInfo.environment["PMLC_PYTHON"]

/// What others make of the server: the clients that people have, a browser, a tester of descriptions.
@Suite(.enabled(if: python != nil, "PMLC_PYTHON names no interpreter")) struct ClientTests {
  /// Runs a program of tools/server, or a module of the interpreter's, to its end.
  private func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: try #require(python))
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  private func program(_ name: String) -> String {
    let here = URL(filePath: #filePath).deletingLastPathComponent()
    return here.appending(path: "../../tools/server/\(name)").standardized.path(percentEncoded: false)
  }

  /// openai-python, langchain-openai, llama.cpp's calls.
  @Test func clients() async throws {
    let server = try await RunningServer()
    let (status, output) = try run([
      program("clients.py"), "http://127.0.0.1:\(server.port)", "--pmlc",
      try PMLC.executable.path(percentEncoded: false), "--store", server.folder.path("store"),
    ])
    #expect(status == 0, "\(output)")
  }

  @Test func page() async throws {
    let folder = try TemporaryFolder()
    try folder.write(try run([program("page.py"), "--schema"]).output, to: "menu.pml")
    #expect(try await PMLC.run(["warm", "menu.pml", "--store", "store"], in: folder).status == 0)
    let server = try await RunningServer(in: folder)
    let (status, output) = try run([program("page.py"), "http://127.0.0.1:\(server.port)"])
    #expect(status == 0, "\(output)")
  }

  /// All but one of its checks: that what the description allows is always taken. It cannot say which documents are PML.
  @Test func description() async throws {
    let server = try await RunningServer(["--max-answer-tokens", "32"])
    let (status, output) = try run([
      "-m", "schemathesis.cli", "run", "http://127.0.0.1:\(server.port)/openapi.json", "--exclude-checks",
      "positive_data_acceptance", "--max-examples", "15", "--workers", "1", "--request-timeout", "60", "--no-color",
    ])
    #expect(status == 0, "\(output)")
  }

  @Test func load() async throws {
    let folder = try TemporaryFolder()
    try folder.write(try run([program("load.py"), "--schema"]).output, to: "load.pml")
    #expect(try await PMLC.run(["warm", "load.pml", "--store", "store"], in: folder).status == 0)
    let server = try await RunningServer(in: folder)
    let (status, output) = try run([
      program("load.py"), "http://127.0.0.1:\(server.port)", "--pmlc", try PMLC.executable.path(percentEncoded: false),
      "--store", folder.path("store"), "--seconds", "30", "--pid", "\(server.process.processIdentifier)",
    ])
    #expect(status == 0, "\(output)")
  }
}
