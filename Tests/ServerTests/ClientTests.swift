import Foundation
import TestSupport
import Testing

/// The interpreter that has them.
private let python = ProcessInfo.processInfo.environment["PMLC_PYTHON"]

/// What the clients that people have make of it: openai-python, langchain-openai, llama.cpp's calls.
@Suite(.enabled(if: python != nil, "PMLC_PYTHON names no interpreter")) struct ClientTests {
  @Test func clients() async throws {
    let server = try await RunningServer()
    let process = Process()
    process.executableURL = URL(filePath: try #require(python))
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../tools/server/clients.py")
    process.arguments = [
      script.standardized.path(percentEncoded: false), "http://127.0.0.1:\(server.port)",
      "--pmlc", try PMLC.executable.path(percentEncoded: false), "--store", server.folder.path("store"),
    ]
    let errors = Pipe()
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
  }
}
