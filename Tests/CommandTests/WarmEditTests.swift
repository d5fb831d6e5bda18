import TestSupport
import Testing

/// An edit costs what it changes and what sees that, and no more.
@Suite struct WarmEditTests {
  let folder: TemporaryFolder
  let store: [String: String]

  init() throws {
    folder = try TemporaryFolder()
    store = ["PMLC_STORE": folder.path("store")]
  }

  private func warm(_ schema: String, _ more: String...) async throws -> WarmResult {
    try folder.write(schema, to: "schema.pml")
    return try WarmResult(
      await PMLC.run(["warm", "schema.pml", "--json"] + more, environment: store, in: folder))
  }

  private let schema = """
    <schema name="s">Answer.<module name="a">.<module name="n"> in</module></module><module name="b"> two</module> end</schema>
    """

  @Test func nothingChanged() async throws {
    let first = try await warm(schema)
    let second = try await warm(schema.replacing("<schema", with: "<!-- a comment --><schema"))
    #expect(first.version == 1 && second.version == 1)
    #expect(first.hash == second.hash)
    #expect(second.encodings == .init(reused: first.encodings.computed, computed: 0))
    #expect(second.tokens_computed == 0 && second.bytes_written == 0)
  }

  @Test func moduleAndWhatSeesIt() async throws {
    let first = try await warm(schema)
    #expect(first.encodings == .init(reused: 0, computed: 6))
    // As long as before, so nothing moves.
    let second = try await warm(schema.replacing(">.<", with: ">,<"))
    #expect(second.version == 2)
    #expect(second.encodings == .init(reused: 4, computed: 2))
    #expect(second.tokens_computed == 2)
    let back = try await warm(schema)
    #expect(back.version == 3)
    #expect(back.encodings == .init(reused: 6, computed: 0))
  }

  @Test func moduleThatNothingSees() async throws {
    _ = try await warm(schema)
    let second = try await warm(schema.replacing(" in<", with: ".<").replacing(" two", with: " two"))
    // `n` is as long as before; only its own text is another.
    #expect(second.encodings == .init(reused: 5, computed: 1))
  }

  @Test func forecastSaysWhatWarmDoes() async throws {
    _ = try await warm(schema)
    try folder.write(schema.replacing(">.<", with: ">,<"), to: "schema.pml")
    let forecast = try await PMLC.run(["warm", "schema.pml", "--dry-run"], environment: store, in: folder)
    #expect(forecast.status == 0)
    #expect(forecast.standardOutput.contains("4 reused, 2 to compute"))
    let again = try await warm(schema.replacing(">.<", with: ">,<"))
    #expect(again.encodings.computed == 2)
  }

  @Test func otherFormatIsAnotherVersion() async throws {
    let half = try await warm(schema)
    let single = try await warm(schema, "--kv", "f32")
    #expect(single.version == 2)
    #expect(single.encodings == .init(reused: 0, computed: half.encodings.computed))
  }
}
