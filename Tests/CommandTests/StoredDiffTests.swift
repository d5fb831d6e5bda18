import Foundation
import TestSupport
import Testing

/// What an edit costs since a version was recorded.
@Suite struct StoredDiffTests {
  private let folder: TemporaryFolder

  init() throws { folder = try Documents.folder() }

  private func pmlc(_ arguments: String...) async throws -> PMLC.Result {
    try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path("store")], in: folder)
  }

  @Test func oneSchemaIsComparedWithTheStore() async throws {
    let none = try await pmlc("diff", "schema.pml")
    #expect(none.status == 2 && none.standardError.contains("store"))
    #expect(try await pmlc("warm", "schema.pml").status == 0)
    #expect(try await pmlc("diff", "schema.pml", "--exit-code").status == 0)
    // The document that was warmed is gone; its text is in the store.
    try folder.write(Documents.schema, to: "old.pml")
    try folder.write(Documents.schema.replacing("One", with: "Two"), to: "schema.pml")
    let stored = try await pmlc("diff", "schema.pml", "--exit-code")
    let files = try await pmlc("diff", "old.pml", "schema.pml", "--exit-code")
    #expect(stored.status == 1 && stored.standardOutput == files.standardOutput)
    #expect(stored.standardOutput.contains("text changed") && stored.standardOutput.contains("sees `a`, which changed"))
    #expect(stored.standardError.contains("attention=\"isolated\""))
    let json = try await pmlc("diff", "schema.pml", "--json")
    #expect(json.standardOutput.contains("\"computed\"") && json.standardError.isEmpty)
  }

  @Test func aForecastSaysWhy() async throws {
    #expect(try await pmlc("warm", "schema.pml").status == 0)
    try folder.write(Documents.schema.replacing("One", with: "Two"), to: "schema.pml")
    let run = try await pmlc("warm", "schema.pml", "--dry-run")
    #expect(run.status == 0)
    #expect(run.standardOutput.contains("sees `a`, which changed") && run.standardOutput.contains("2 to compute"))
    #expect(run.standardError.contains("put what changes often last"))
    let json = try await pmlc("warm", "schema.pml", "--dry-run", "--json")
    #expect(json.standardOutput.split(separator: "\n").count == 1)
    // Nothing is computed, and nothing recorded.
    #expect(try await pmlc("store", "ls").standardOutput.split(separator: "\n").count == 2)
  }
}
