import Foundation
import PromptCache
import TestSupport
import Testing

/// A running process takes up a new version with its next request; one that is being answered keeps its own.
@Suite struct VersionChangeTests {
  private let schema = #"<schema name="s">Say: <module name="m">one, two, three</module></schema>"#
  private let prompt = #"<prompt schema="s"><m/> Go:</prompt>"#

  private func current(_ fixture: Fixture) throws -> WarmedSchema? {
    try fixture.session.newestVersion(of: "s")
  }

  private func prepare(_ warmed: WarmedSchema, _ fixture: Fixture) throws -> ReadyPrompt {
    let layout = try fixture.layout(prompt, of: warmed.schema)
    return try fixture.session.prepare(layout, of: warmed.schema, element: warmed.element)
  }

  private func answer(_ prompt: ReadyPrompt, _ fixture: Fixture) async throws -> [Int32] {
    let options = GenerationOptions(maximumTokens: 3, logProbabilities: 1)
    return try await fixture.answer(prompt, options).tokens
  }

  @Test func nextRequestSeesTheNewVersion() async throws {
    let fixture = try Fixture()
    #expect(try current(fixture) == nil)
    func pmlc(_ arguments: String...) async throws {
      let run = try await PMLC.run(
        arguments, environment: ["PMLC_STORE": fixture.folder.path("store")], in: fixture.folder)
      #expect(run.status == 0, "\(run.standardError)")
    }
    try fixture.folder.write(schema, to: "s.pml")
    try await pmlc("warm", "s.pml")
    var first = try current(fixture)
    #expect(first?.version == 1)
    let running = try prepare(#require(first), fixture)
    let expected = try await answer(running, fixture)

    // Another process edits, warms, and collects garbage.
    try fixture.folder.write(schema.replacing("two", with: "four"), to: "s.pml")
    try await pmlc("warm", "s.pml")
    let second = try #require(try current(fixture))
    #expect(second.version == 2)
    try await pmlc("store", "gc", "--keep", "1")
    // The version in use stays for its next prompt.
    #expect(try await answer(prepare(#require(first), fixture), fixture) == expected)
    first = nil
    try await pmlc("store", "gc", "--keep", "1")
    let left = try fixture.store.snapshot().versions(model: fixture.session.fingerprint, schema: "s").map(\.number)
    #expect(left == [2])
    // A request that began before goes on to its end.
    #expect(try await answer(running, fixture) == expected)
    _ = try await answer(prepare(second, fixture), fixture)
    #expect(first == nil)
  }
}
