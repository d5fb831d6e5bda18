import PromptCache
import Testing

/// Cached tokens that are computed again at a request, over real stores.
@Suite struct RepairTests {
  private static let facts = [
    "Bonkru Labs is led by Kerti Zavon. The head office of Bonkru Labs is in Norville.",
    "The Worbi is made by Bonkru Labs. The Worbi costs 149 euros.",
    "The price of the Dripin is 820 euros. The Dripin weighs 14.3 kg.",
    "The mayor of Kadale is Taki, and nobody else at all wants to be.",
  ]

  /// Documents side by side, the third of which has a parameter in its middle.
  private func schema(_ attributes: String) -> String {
    var modules = Self.facts.enumerated().map { "<module name=\"m\($0)\"># \($0)\n\($1)\n</module>" }
    modules[2] = modules[2].replacing("820", with: "<parameter name=\"price\" length=\"6\"/>")
    return "<schema name=\"s\" \(attributes)>Answer from the documents.\n\(modules.joined())</schema>"
  }

  private let prompt = """
    <prompt schema="s"><m0/><m1/><m2 price="820"/><m3/>
    Question: How much does the Dripin cost?
    Answer:</prompt>
    """

  private func expectClose(_ one: Completion, _ other: Completion, within tolerance: Float) throws {
    #expect(one.tokens == other.tokens)
    for (one, other) in zip(try #require(one.logProbabilities), try #require(other.logProbabilities)) {
      #expect(abs(one.logProbability - other.logProbability) < tolerance)
    }
  }

  @Test(arguments: ["", #"attention="isolated""#, #"positions="fixed" attention="isolated""#], KVElement.allCases)
  func allOfItAnswersAsWithoutTheCache(attributes: String, element: KVElement) async throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(schema(attributes))
    try fixture.warm(schema, as: element)
    let layout = try fixture.layout(prompt, of: schema)
    func answer(_ share: Double) async throws -> Completion {
      try await fixture.answer(try fixture.session.prepare(layout, of: schema, element: element, repair: share))
    }
    let (none, all) = (try await answer(0), try await answer(1))
    #expect(none.usage.exactTokens < none.usage.cachedTokens)
    #expect(all.usage.exactTokens == none.usage.cachedTokens)
    #expect(all.usage.cachedTokens == none.usage.exactTokens)
    if !attributes.contains("fixed") {
      let plain = try await fixture.answer(ReadyPrompt(uncached: layout))
      try expectClose(all, plain, within: element == .f32 ? 1e-4 : 0.1)
    }
    let some = try await answer(0.4)
    let lacking = none.usage.cachedTokens - none.usage.exactTokens
    let again = none.usage.cachedTokens - some.usage.cachedTokens
    #expect(Double(again) >= 0.4 * Double(lacking) && again < lacking)
    #expect(some.usage.exactTokens == none.usage.exactTokens)
    #expect(some.usage.promptTokens == none.usage.promptTokens)
  }

  /// Beside others, or alone; today, or tomorrow.
  @Test func anAnswerIsTheSameBesideOthers() async throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(schema(#"attention="isolated""#))
    try fixture.warm(schema, as: .f16)
    let layout = try fixture.layout(prompt, of: schema)
    func answer(_ share: Double) async throws -> [Float]? {
      try await fixture.answer(try fixture.session.prepare(layout, of: schema, element: .f16, repair: share))
        .logProbabilities?.map(\.logProbability)
    }
    let shares = [0, 0.15, 0.3, 1]
    var alone: [[Float]?] = []
    for share in shares { alone.append(try await answer(share)) }
    #expect(Set(alone).count == shares.count)
    let together = try await withThrowingTaskGroup(of: (Int, [Float]?).self) { group in
      for (index, share) in (shares + shares).enumerated() { group.addTask { (index, try await answer(share)) } }
      return try await group.reduce(into: [Int: [Float]?]()) { $0[$1.0] = $1.1 }
    }
    for index in 0..<8 { #expect(together[index] == alone[index % 4]) }
  }

  @Test func anAuditSeesIt() async throws {
    let fixture = try Fixture()
    let schema = try fixture.session.warm(try fixture.schema(schema(#"attention="isolated""#)), as: .f32)
    let prompt = try fixture.model.compile(prompt: SourceFile(path: "p.pml", text: prompt), of: schema.schema).get()
    func audit(_ share: Double) async throws -> AuditReport {
      try await fixture.session.audit(prompt, of: schema, repair: share, maximumTokens: 6)
    }
    let (none, all) = (try await audit(0), try await audit(1))
    #expect(all.divergence.greatest < 1e-6 && all.divergence.mean < none.divergence.mean)
    #expect(all.answersTheSame && all.cachedTokens == none.exactTokens)
  }

  @Test func whatIsExactStaysAsItIs() async throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(chain)
    try fixture.warm(schema, as: .f32)
    let layout = try fixture.layout(chainPrompt, of: schema)
    let repaired = try fixture.session.prepare(layout, of: schema, element: .f32, repair: 1)
    #expect(repaired.tokens == (try fixture.session.prepare(layout, of: schema, element: .f32)).tokens)
  }

  /// Nothing of the prompt's own: the token that the answer starts from asks.
  @Test(arguments: [0.3, 1])
  func aPromptWithoutText(share: Double) async throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(schema(#"attention="isolated""#))
    try fixture.warm(schema, as: .f32)
    let layout = try fixture.layout(#"<prompt schema="s"><m0/><m1/><m3/></prompt>"#, of: schema)
    let repaired = try await fixture.answer(
      try fixture.session.prepare(layout, of: schema, element: .f32, repair: share))
    let plain = try await fixture.answer(ReadyPrompt(uncached: layout))
    if share == 1 { try expectClose(repaired, plain, within: 1e-4) }
  }
}
