import Foundation
import TestSupport
import Testing

/// What commands open and make, and that they say each thing once.
@Suite struct FrontTests {
  private let folder: TemporaryFolder

  init() throws { folder = try Documents.folder() }

  private func pmlc(_ arguments: String..., store: String? = nil) async throws -> PMLC.Result {
    try await PMLC.run(arguments, environment: ["PMLC_STORE": store ?? folder.path("store")], in: folder)
  }

  private var storeIsThere: Bool { FileManager.default.fileExists(atPath: folder.path("store")) }

  /// On a mount that nobody can write to, whatever needs nothing written is done.
  @Test(.enabled(if: SmallDisk.canBeMade("tmpfs"), "mounting a file system takes root"))
  func aStoreThatCanOnlyBeReadIsEnoughWhereNothingIsMissing() async throws {
    let disk = try #require(SmallDisk(at: folder.path("disk"), byteCount: 16 << 20))
    let store = "\(disk.path)/store"
    #expect(try await pmlc("warm", "schema.pml", store: store).status == 0)
    let expected = try await pmlc("run", "prompt.pml", "--max-tokens", "3", store: store)
    #expect(disk.freeze())

    let run = try await pmlc("run", "prompt.pml", "--schema", "schema.pml", "--max-tokens", "3", store: store)
    #expect(run.status == 0, "\(run.standardError)")
    #expect(run.standardOutput == expected.standardOutput)
    let audit = try await pmlc("audit", "prompt.pml", "--schema", "schema.pml", "--max-tokens", "3", store: store)
    #expect(audit.status == 0, "\(audit.standardError)")
    let forecast = try await pmlc("warm", "--dry-run", "schema.pml", store: store)
    #expect(forecast.status == 0, "\(forecast.standardError)")
    #expect(forecast.standardOutput.contains("5 reused, 0 to compute"), "\(forecast.standardOutput)")

    for command in ["run", "audit"] {
      let missing = try await pmlc(command, "prompt.pml", "--schema", "schema.pml", "--kv", "f32", store: store)
      #expect(missing.status == 2)
      #expect(missing.standardError.hasPrefix("pmlc: error: the store in `\(store)` can only be read\n"))
    }
  }

  @Test(arguments: ["check", "warm", "compile"])
  func twoSchemasOfOneNameAreNamedBoth(command: String) async throws {
    try folder.write(Documents.schema.replacing("One", with: "Two"), to: "other.pml")
    for files in [["schema.pml", "other.pml"], ["other.pml", "schema.pml"]] {
      let run = try await PMLC.run([command] + files, environment: ["PMLC_STORE": folder.path("store")], in: folder)
      #expect(run.status == 1)
      #expect(run.standardOutput.isEmpty)
      #expect(
        run.standardError.hasPrefix(
          "schema.pml:1:15: error[PML209]: there is a schema `s` in `other.pml` too\n"), "\(run.standardError)")
      #expect(run.standardError.contains("other.pml:1:15: note: the other one\n"))
    }
    #expect(!storeIsThere)
    // The same file twice is one schema.
    #expect(try await pmlc(command, "schema.pml", "schema.pml").status == 0)
  }

  @Test func whatTurnsOutUnusableLeavesNoStore() async throws {
    try folder.write("<schema name=\"s\"><modul/></schema>", to: "wrong.pml")
    try folder.write("<prompt schema=\"s\"><c/></prompt>", to: "wrong-prompt.pml")
    try folder.write("{}", to: "model/config.json")
    for arguments in [
      ["warm", "schema.pml", "wrong.pml"], ["warm", "schema.pml", "missing.pml"],
      ["warm", "schema.pml", "--model", "model"], ["run", "prompt.pml", "--schema", "wrong.pml"],
      ["run", "wrong-prompt.pml", "--schema", "schema.pml"], ["run", "prompt.pml"],
      ["run", "prompt.pml", "--schema", "schema.pml", "--model", "model"],
      ["audit", "prompt.pml", "wrong-prompt.pml", "--schema", "schema.pml"],
      ["run", "prompt.pml", "--schema", "schema.pml", "--no-cache", "--max-tokens", "1"],
      ["warm", "schema.pml", "--dry-run"], ["store", "pin", "s"], ["store", "gc"], ["store", "ls"],
    ] {
      let run = try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path("store")], in: folder)
      #expect(
        (run.status == 0) == (arguments.contains("--no-cache") || arguments.contains("--dry-run")), "\(arguments)")
      #expect(!storeIsThere, "\(arguments)")
    }
  }

  /// A schema, and a prompt, are compiled once.
  @Test func eachProblemIsSaidOnce() async throws {
    let schema = Documents.schema.replacing("</schema>", with: "<module name=\"empty\"/></schema>")
    try folder.write(schema, to: "schema.pml")
    for arguments in [
      ["warm", "schema.pml"], ["run", "prompt.pml", "--schema", "schema.pml", "--max-tokens", "1"],
      ["audit", "prompt.pml", "--schema", "schema.pml", "--max-tokens", "1"], ["compile", "schema.pml"],
      ["inspect", "schema.pml"], ["grammar", "schema.pml"],
    ] {
      let run = try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path("store")], in: folder)
      #expect(run.status == 0, "\(arguments): \(run.standardError)")
      #expect(run.standardError.components(separatedBy: "PML251").count == 2, "\(arguments): \(run.standardError)")
    }
    try folder.write("<prompt schema=\"s\"><c/></prompt>", to: "wrong.pml")
    for arguments in [["run", "wrong.pml", "--schema", "schema.pml"], ["run", "wrong.pml"], ["audit", "wrong.pml"]] {
      let run = try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path("store")], in: folder)
      #expect(run.status == 1)
      #expect(run.standardError.components(separatedBy: "PML302").count == 2, "\(arguments): \(run.standardError)")
    }
  }
}
