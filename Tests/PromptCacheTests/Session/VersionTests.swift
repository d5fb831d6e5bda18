import PromptCache
import TestSupport
import Testing

/// How versions are found and kept.
@Suite struct VersionTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture() }

  private func schema(_ word: String) throws -> PlannedSchema {
    try fixture.schema(#"<schema name="s">Say: <module name="m">one, \#(word), three</module></schema>"#)
  }

  private func versions() throws -> [Int] { try fixture.store.snapshot().versions().map(\.number) }

  @Test func whatWasWarmedStaysWhileItIsHeld() throws {
    var warmed: WarmedSchema? = try fixture.session.warm(schema("two"))
    #expect(warmed?.version == 1 && warmed?.report?.encodings.reused == 0)
    _ = try fixture.store.collectGarbage(GarbagePolicy(keep: 0))
    #expect(try versions() == [1])
    warmed = nil
    _ = try fixture.store.collectGarbage(GarbagePolicy(keep: 0))
    #expect(try versions() == [])
    #expect(warmed == nil)
  }

  /// A lease says that the version is there: one that went before it is none.
  @Test func aVersionThatIsGoneCannotBeLeased() throws {
    let warmed = try fixture.session.warm(schema("two"))
    let name = VersionName(model: try fixture.session.fingerprint, schema: "s", number: 1)
    #expect(try fixture.session.lease(name) != nil)
    let gone = VersionName(model: name.model, schema: "s", number: 2)
    #expect(try fixture.session.lease(gone) == nil)
    withExtendedLifetime(warmed) {}
  }

  @Test func theNewestVersionIsFoundByNameAndFormat() throws {
    #expect(throws: PromptCacheError.self) { try fixture.session.schema(named: "s") }
    _ = try fixture.session.warm(schema("two"), as: .f32)
    _ = try fixture.session.warm(schema("four"), as: .f16)
    let newest = try fixture.session.schema(named: "s")
    #expect(newest.version == 2 && newest.element == .f16 && newest.report == nil)
    #expect(newest.schema.hash == (try schema("four")).hash)
    #expect(try fixture.session.schema(named: "s", as: .f32).version == 1)
    do {
      _ = try fixture.session.schema(named: "s", as: .q8)
      Issue.record("a version that is not there was found")
    } catch {
      guard case .notWarmed("s", _, .q8, []) = error else { throw error }
      #expect(error.category == .notFound)
      #expect(error.remedies == [.warm(schema: "s", element: "q8"), .giveSchemaFile])
    }
  }

  /// States of a document are kept as its newest version keeps them, so that what both have is shared.
  @Test func aDocumentTakesTheFormatOfItsNewestVersion() throws {
    let planned = try schema("two")
    #expect(try fixture.session.schema(planned).element == .f16)
    _ = try fixture.session.warm(planned, as: .q8)
    #expect(try fixture.session.schema(schema("four")).element == .q8)
    #expect(try fixture.session.schema(planned, as: .f32).element == .f32)
  }

  @Test func whatAPromptNeedsIsComputedAndNoMore() throws {
    let planned = try fixture.schema(chain)
    let schema = try fixture.session.schema(planned)
    let prompt = SourceFile(path: "p.pml", text: #"<prompt schema="chain"><first/> Go:</prompt>"#)
    try fixture.session.ensureStates(for: fixture.model.compile(prompt: prompt, of: planned).get(), of: schema)
    let forecast = try fixture.session.forecast(planned)
    #expect(forecast.encodings.reused == 3 && forecast.encodings.computed == 2)
    #expect(try versions() == [])
  }

  @Test func anAuditOfAnExactSchemaFindsNoDifference() async throws {
    let planned = try fixture.schema(chain)
    let schema = try fixture.session.warm(planned, as: .f32)
    let prompt = SourceFile(path: "p.pml", text: chainPrompt)
    let report = try await fixture.session.audit(
      fixture.model.compile(prompt: prompt, of: planned).get(), of: schema, maximumTokens: 8)
    #expect(report.agreement == 1 && report.divergence.greatest < 1e-3)
  }
}
