import PromptCache
import TestSupport
import Testing

@Suite struct WarmingTests {
  private func schema(middle: String = "The blue town.", comment: String = "") -> String {
    """
    <schema name="edited">\(comment)
      Some text that all see.
      <module name="one">The first document.</module>
      <module name="two">\(middle)</module>
      <module name="three">The third document. <module name="inner">Nested in it.</module></module>
      <module name="alone" attention="isolated">It sees nothing else.</module>
    </schema>
    """
  }

  @Test func theSecondTimeNothingIsComputed() throws {
    let fixture = try Fixture()
    let first = try fixture.warm(fixture.schema(schema()))
    #expect(first.encodings.computed == 7)  // BOS, the schema's text, and five modules
    #expect(first.encodings.reused == 0)
    #expect(first.version == 1)
    let second = try fixture.warm(fixture.schema(schema(comment: "<!-- no change -->")))
    #expect(second.encodings.computed == 0)
    #expect(second.encodings.reused == 7)
    #expect(second.bytesWritten == 0)
    #expect(second.version == 1)
  }

  @Test func anEditOfEqualLengthComputesTheModuleAlone() throws {
    let fixture = try Fixture()
    try fixture.warm(fixture.schema(schema()))
    let edited = try fixture.schema(schema(middle: "The grey town."))
    let before = try fixture.schema(schema())
    try #require(edited.plan.layout.length == before.plan.layout.length, "the edit should keep the length")
    let report = try fixture.warm(edited)
    #expect(report.encodings.computed == 1)
    #expect(report.encodings.reused == 6)
    #expect(report.version == 2)
  }

  @Test func aLongerModuleIsComputedAlone() throws {
    let fixture = try Fixture()
    try fixture.warm(fixture.schema(schema()))
    let report = try fixture.warm(fixture.schema(schema(middle: "The blue town, which is longer now.")))
    #expect(report.encodings.computed == 1)
    #expect(report.encodings.reused == 6)
  }

  @Test func atFixedPositionsItMovesWhatFollowsButNotTheIsolated() throws {
    let fixture = try Fixture()
    func fixed(_ text: String) throws -> PlannedSchema {
      try fixture.schema(text.replacing("<schema ", with: #"<schema positions="fixed" "#))
    }
    try fixture.warm(fixed(schema()))
    let report = try fixture.warm(fixed(schema(middle: "The blue town, which is longer now.")))
    // `two`, and `three` and `inner`, which stand elsewhere now; `alone` is the same wherever it stands.
    #expect(report.encodings.computed == 3)
    #expect(report.encodings.reused == 4)
  }

  @Test func whatTheSchemaSaysFirstIsSeenByAll() throws {
    let fixture = try Fixture()
    try fixture.warm(fixture.schema(schema()))
    let text = schema().replacing("all see", with: "all sees")
    let report = try fixture.warm(fixture.schema(text))
    #expect(report.encodings.reused == 2)  // BOS and `alone`
  }

  @Test func formatsAreKeptApart() throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(schema())
    #expect(try fixture.warm(schema, as: .f32).encodings.computed == 7)
    let half = try fixture.warm(schema, as: .f16)
    #expect(half.encodings.computed == 7)
    #expect(half.version == 2)
  }

  @Test func statesThatTheFormatCannotHoldAreNotKept() throws {
    let folder = try TemporaryFolder()
    let path = try folder.modelCopy(inflating: "model.layers.1.self_attn.v_proj.weight")
    let session = try CacheSession(
      model: LoadedModel(at: FilePath(path)), storeAt: FilePath(folder.path("store")), threads: 1)
    let source = SourceFile(path: "schema.pml", text: schema())
    let error = #expect(throws: PromptCacheError.self) { try session.warm(source, as: .f16) }
    guard case .engine(.stateOutOfRange(1, .value, let magnitude, .f16))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(magnitude > 65504 && error?.remedies == [.useKVFormat("f32")])
    #expect(try session.store.snapshot().versions().isEmpty)
    #expect(try session.warm(source, as: .q8).report?.encodings.computed == 7)
  }

  @Test func namespacesShareNothing() throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(schema())
    try fixture.warm(schema)
    let other = try Fixture(besides: fixture, namespace: "other")
    #expect(try other.warm(schema).encodings.computed == 7)
  }

  @Test func aForecastWritesNothing() throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(schema())
    let forecast = try fixture.session.forecast(schema)
    #expect(forecast.encodings.computed == 7)
    #expect(forecast.version == nil)
    #expect(!StateStore.exists(at: FilePath(fixture.folder.path("store"))))
    try fixture.warm(schema, as: .f32)
    #expect(try fixture.session.forecast(schema).encodings.computed == 7)
    #expect(try fixture.session.forecast(schema, as: .f32).encodings.reused == 7)
    #expect(try fixture.store.snapshot().versions().count == 1)
  }
}
