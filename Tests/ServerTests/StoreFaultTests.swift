import Foundation
import JSONText
import TestSupport
import Testing

/// A store that goes, changes, is damaged, is full or cannot be written: the request gets an answer, the server goes on.
@Suite(.serialized) struct StoreFaultTests {
  private static let prompt: [String: JSONValue] = ["pml": "<prompt schema='city'><lisbon/>What is it?</prompt>"]

  @Test func removedAndReplaced() async throws {
    let server = try await RunningServer()
    let before = try await server.chat(Self.prompt)
    #expect(before.status == 200)
    try FileManager.default.removeItem(atPath: server.folder.path("store"))
    let gone = try await server.chat(Self.prompt)
    #expect(gone.status == 404 && gone.code == "schema_not_found", "\(gone.text)")
    #expect(try await server.chat(["messages": [["role": "user", "content": "x"]]]).status == 200)
    #expect(try await PMLC.run(["warm", "city.pml", "--store", "store"], in: server.folder).status == 0)
    let after = try await server.chat(Self.prompt)
    #expect(after.status == 200)
    #expect(
      try after.json[path: "choices", 0, "message", "content"] == before.json[path: "choices", 0, "message", "content"])
  }

  @Test func aSchemaThatGoes() async throws {
    let server = try await RunningServer()
    #expect(try await server.chat(Self.prompt).status == 200)
    // The version that a server has used is leased until it is used no more.
    try server.folder.write("<schema name='other'><module name='m'>Other.</module></schema>", to: "other.pml")
    #expect(try await PMLC.run(["warm", "other.pml", "--store", "store"], in: server.folder).status == 0)
    #expect(try await server.chat(["pml": "<prompt schema='other'><m/>What?</prompt>"]).status == 200)
    #expect(try await server.chat(Self.prompt).status == 200)
  }

  @Test func damagedStates() async throws {
    let folder = try await RunningServer.warmedFolder()
    let path = folder.path("store/data.mdb")
    var bytes = try Data(contentsOf: URL(filePath: path))
    // Where blobs begin: docs/store-format.md.
    let blobs = stride(from: 16, to: bytes.count, by: 4096).filter { bytes[$0..<$0 + 4].elementsEqual("PCKV".utf8) }
    try #require(!blobs.isEmpty)
    for start in blobs { bytes[start + 500] ^= 1 }
    try bytes.write(to: URL(filePath: path))
    let server = try await RunningServer(in: folder)
    let damaged = try await server.chat(Self.prompt)
    #expect(damaged.status >= 400 && damaged.status != 401, "\(damaged.text)")
    #expect(!damaged.text.contains("/store"), "inner details")
    #expect(try await server.get("/health").status == 200)
    #expect(try await server.chat(["messages": [["role": "user", "content": "x"]]]).status == 200)
  }

  @Test(.enabled(if: SmallDisk.canBeMade("tmpfs"), "mounting a file system takes root"))
  func onlyReadable() async throws {
    let folder = try await RunningServer.warmedFolder()
    let shell = try #require(ReadOnlyMount(of: folder))
    let server = try await RunningServer(in: folder)
    #expect(try await server.chat(Self.prompt).status == 200)
    let make = try await server.chat([
      "pml": "<prompt schema='city'>A word first. <lisbon/>What is it?</prompt>", "joint": "make",
    ])
    #expect(make.status >= 400, "\(make.text)")
    let sent = try await server.send(
      "POST", "/v1/schemas", Array("<schema name='new'><module name='m'>New.</module></schema>".utf8))
    #expect(sent.status >= 400 || sent.status == 202)
    #expect(try await server.chat(Self.prompt).status == 200)
    withExtendedLifetime(shell) {}
  }

  @Test func noMoreRoom() async throws {
    let folder = try await RunningServer.warmedFolder()
    let server = try await RunningServer(["--max-bytes", "1000000"], in: folder)
    let words = (0..<3000).map { "word\($0)" }.joined(separator: " ")
    let sent = try await server.send(
      "POST", "/v1/schemas", Array("<schema name='large'><module name='m'>\(words)</module></schema>".utf8))
    #expect(sent.status == 202 || sent.status >= 400, "\(sent.text)")
    if sent.status == 202 {
      var state = JSONValue.null
      for _ in 0..<200 {
        state = try await server.get("/v1/schemas/large/warming").json
        if state[path: "status"] != "warming" { break }
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(state[path: "status"] == "failed" && state[path: "error"] != nil, "\(state)")
    }
    #expect(try await server.chat(Self.prompt).status == 200)
  }

  @Test func killedUnderLoad() async throws {
    let server = try await RunningServer()
    let asking = (0..<8).map { number in
      Task { [server] in
        for _ in 0..<50 {
          _ = try? await server.chat(
            Self.prompt.merging(["joint": "make", "max_tokens": .integer(20 + number)]) { _, new in new })
        }
      }
    }
    try await Task.sleep(for: .milliseconds(300))
    server.process.kill()
    _ = try await server.process.finish()
    for task in asking { await task.value }
    let verified = try await PMLC.run(["store", "verify", "--store", "store"], in: server.folder)
    #expect(verified.status == 0, "\(verified.standardError)")
    let next = try await RunningServer(in: server.folder)
    #expect(try await next.chat(Self.prompt).status == 200)
  }
}

/// Lets nobody write to a folder's store, root included: a mount over itself.
private final class ReadOnlyMount {
  private let path: String

  init?(of folder: TemporaryFolder) {
    path = folder.path("store")
    guard Self.run("mount --bind '\(path)' '\(path)' && mount -o remount,bind,ro '\(path)'") else { return nil }
  }

  deinit { _ = Self.run("umount -l '\(path)'") }

  private static func run(_ script: String) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", script]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
