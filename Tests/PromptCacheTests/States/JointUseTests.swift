@testable import PromptCache
import Testing

/// Joint encodings in use.
@Suite struct JointUseTests {
  private let fixture: Fixture
  private let schema: WarmedSchema
  private let prompt: PlannedPrompt

  init() throws {
    fixture = try Fixture()
    let source = SourceFile(
      path: "s.pml",
      text: #"<schema name="s">Answer.<module name="a"> One.</module><module name="b"> Two.</module></schema>"#)
    schema = try fixture.session.warm(source, as: .f32)
    prompt = try fixture.model.compile(
      prompt: SourceFile(path: "p.pml", text: #"<prompt schema="s"><a/> and<b/> Go:</prompt>"#), of: schema.schema
    ).get()
  }

  private func combinations() throws -> Int { try fixture.store.jointCombinations().count }

  /// Garbage collection leaves those of an answer that is under way, and what is lent stays readable.
  @Test func thoseOfAnAnswerStay() async throws {
    var ready: ReadyPrompt? = try fixture.session.ready(prompt, of: schema, joint: .make)
    #expect(try combinations() == 1)
    let answer = try await fixture.session.generate(from: try #require(ready)).completion()
    #expect(answer.usage.exactTokens == answer.usage.cachedTokens)
    try fixture.store.collectGarbage(GarbagePolicy(maximumBytes: 0))
    #expect(try combinations() == 1)
    let again = try await fixture.session.generate(from: try #require(ready)).completion()
    #expect(again.tokens == answer.tokens)
    ready = nil
    // The scheduler lets go of an answer within a step.
    try await expectIdle(fixture.session.scheduler)
    for _ in 0..<200 where try combinations() > 0 {
      try await Task.sleep(for: .milliseconds(5))
      try fixture.store.collectGarbage(GarbagePolicy(maximumBytes: 0))
    }
    #expect(try combinations() == 0)
    // The version, which is in use, is complete without them.
    let plain = try await fixture.session.generate(from: prompt, of: schema).completion()
    #expect(plain.usage.exactTokens < plain.usage.cachedTokens)
  }

  /// A limit of the store's size makes room among joint encodings before any others, and not among those being made.
  @Test func makeRoomForEachOther() throws {
    let (model, place) = (fixture.model, try fixture.store.path)
    let blobs = try fixture.store.statistics().namespaces.reduce(0) { $0 + $1.byteCount }
    let session = try CacheSession(
      model: model, storeAt: place, options: StoreOptions(maximumNamespaceBytes: blobs + 40 * 8192), threads: 1)
    var last = 0
    for word in ["and", "or", "but", "yet", "so", "nor", "for", "if"] {
      let prompt = try model.compile(
        prompt: SourceFile(path: "p.pml", text: #"<prompt schema="s"><a/> \#(word)<b/> Go:</prompt>"#),
        of: schema.schema
      ).get()
      try session.makeJoint(for: [prompt], of: schema)
      #expect(try session.ready(prompt, of: schema).isExact)
      last = try session.store.jointCombinations().count
    }
    #expect(last < 8 && last > 0)
    #expect(try session.store.list().allSatisfy { $0.missing == 0 })
  }

  /// Nothing is written where nothing is missing.
  @Test func aStoreThatIsReadOnly() async throws {
    let made = try await fixture.session.generate(from: prompt, of: schema, joint: .make).completion()
    let reader = try CacheSession(model: fixture.model, storeAt: try fixture.store.path, access: .reading, threads: 1)
    let found = try await reader.generate(from: prompt, of: schema, joint: .make).completion()
    #expect(found.tokens == made.tokens && found.usage.exactTokens == made.usage.exactTokens)
    let other = try fixture.model.compile(
      prompt: SourceFile(path: "p.pml", text: #"<prompt schema="s"><b/> Go:</prompt>"#), of: schema.schema
    ).get()
    // Of this one all is plain.
    #expect(try await reader.generate(from: other, of: schema, joint: .make).completion().usage.exactTokens > 0)
    let another = try fixture.model.compile(
      prompt: SourceFile(path: "p.pml", text: #"<prompt schema="s"> So<b/> Go:</prompt>"#), of: schema.schema
    ).get()
    #expect(throws: PromptCacheError.self) { try reader.ready(another, of: schema, joint: .make) }
  }
}

extension ReadyPrompt {
  fileprivate var isExact: Bool { exactTokens == cachedTokens }
}
