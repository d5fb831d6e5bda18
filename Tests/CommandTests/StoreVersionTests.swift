import Foundation
import TestSupport
import Testing

/// Versions as `store` names, lists and removes them.
@Suite struct StoreVersionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try Documents.folder() }

  private func pmlc(_ arguments: String...) async throws -> PMLC.Result {
    try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path("store")], in: folder)
  }

  private func done(_ arguments: String...) async throws -> String {
    let run = try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path("store")], in: folder)
    #expect(run.status == 0, "\(arguments): \(run.standardError)")
    return run.standardOutput
  }

  private struct Version: Decodable {
    let schema: String
    let number: Int
    let element: String
    let model_name: String?
    let time: Int
    let last_use: Int
    let is_pinned: Bool
  }

  private func versions() async throws -> [Version] {
    try JSONDecoder().decode([Version].self, from: Data(await done("store", "ls", "--json").utf8))
  }

  /// Versions 1 and 2 of `s`, in f16, and 3 in q8.
  private func fill() async throws {
    _ = try await done("warm", "schema.pml")
    try folder.write(Documents.schema.replacing("Three", with: "Four"), to: "edited.pml")
    _ = try await done("warm", "edited.pml")
    _ = try await done("warm", "edited.pml", "--kv", "q8")
  }

  @Test func versionsAreRemovedByName() async throws {
    try await fill()
    let plan = try await done("store", "rm", "s@1", "--dry-run")
    #expect(plan.hasPrefix("would free version 1 of `s`\n"))
    #expect(try await versions().map(\.number) == [1, 2, 3])
    #expect(try await done("store", "rm", "s@1").hasPrefix("freed version 1 of `s`\n"))
    #expect(try await versions().map(\.number) == [2, 3])
    let missing = try await pmlc("store", "rm", "s@1")
    #expect(missing.status == 2)
    #expect(missing.standardError.contains("no version 1 of schema `s`") && missing.standardError.contains("store ls"))
    _ = try await done("store", "pin", "s@2")
    let spared = try await pmlc("store", "rm", "s")
    #expect(spared.status == 2)
    #expect(spared.standardOutput.contains("freed version 3") && spared.standardOutput.contains("kept version 2"))
    _ = try await done("store", "unpin", "s")
    #expect(try await done("store", "rm", "s", "--json").contains("\"byte_count_left\":0"))
    #expect(try await versions().isEmpty)
    #expect(try await done("store", "verify").contains("are whole"))
  }

  @Test func oneWayNamesVersions() async throws {
    try await fill()
    for command in ["pin", "unpin", "rm", "export"] {
      for reference in ["s@0", "s@x", "@1", "1", ""] {
        #expect(try await pmlc("store", command, reference).status == 64, "\(command) \(reference)")
      }
    }
    _ = try await done("store", "pin", "s", "s@1")
    #expect(try await versions().map(\.is_pinned) == [true, false, true])
    #expect(try await pmlc("store", "unpin", "s@7").status == 2)
    // For another model there is none.
    #expect(try await pmlc("store", "pin", "s", "--weights", "q8").status == 2)
  }

  @Test func eachFormatKeepsItsOwn() async throws {
    try await fill()
    _ = try await done("store", "gc", "--keep", "1")
    #expect(try await versions().map { "\($0.number) \($0.element)" } == ["2 f16", "3 q8"])
  }

  @Test func theListNamesModelsAndUsesThatFit() async throws {
    try await fill()
    let versions = try await versions()
    #expect(versions.allSatisfy { $0.model_name == "demo" && $0.last_use >= $0.time })
    let list = try await done("store", "ls")
    #expect(list.contains(#/\ndemo +s +1 +f16 /#))
    // An import brings no name.
    _ = try await done("store", "export", "-o", "file")
    _ = try await done("store", "import", "file", "--store", "other")
    #expect(try await done("store", "ls", "--store", "other").contains(#/\n[0-9a-f]{12} +s +1 /#))
  }

  @Test func sizesHaveUnits() async throws {
    _ = try await done("warm", "schema.pml", "--max-bytes", "1.5GiB", "--max-namespace-bytes", "200 MB")
    _ = try await done("store", "gc", "--max-bytes", "0")
    #expect(try await pmlc("warm", "schema.pml", "--max-bytes", "100kB", "--store", "other").status == 2)
    for size in ["", "1.5", "MB", "1XB", "-1MB", "1e3", "9999999TB", "1..5MB"] {
      #expect(try await pmlc("store", "gc", "--max-bytes", size).status == 64, "\(size)")
    }
  }

  @Test func helpNamesOnlyOptionsThatThereAre() async throws {
    // Commands that can be given a schema's file say so, others do not.
    let prompt = try folder.write("<prompt schema='none'>x</prompt>", to: "none.pml")
    _ = try await done("warm", "schema.pml")
    let run = try await pmlc("run", prompt)
    #expect(run.status == 2 && run.standardError.contains("pass it with `--schema`"))
    let warm = try await pmlc("warm", "schema.pml", "--joint", prompt)
    #expect(warm.status != 0 && !warm.standardError.contains("--schema"))
  }
}
