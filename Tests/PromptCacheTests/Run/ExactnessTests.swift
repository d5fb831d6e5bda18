import PromptCache
import Testing

/// Where every module sees all that is before it, cached inference computes what plain inference does.
@Suite struct ExactnessTests {
  @Test(arguments: WeightFormat.allCases)
  func statesInSinglePrecisionChangeNoBit(weights: WeightFormat) async throws {
    let fixture = try Fixture(weights: weights)
    let schema = try fixture.schema(chain)
    try fixture.warm(schema, as: .f32)
    let layout = try fixture.layout(chainPrompt, of: schema)
    // No gaps: the baseline's positions 0, 1, 2 … are the cached prompt's.
    #expect(layout.nextPosition == layout.present.count)

    let cached = try await fixture.answer(try fixture.session.prepare(layout, of: schema, element: .f32))
    let plain = try await fixture.answer(ReadyPrompt(uncached: layout))
    expectSame(cached, plain)
    #expect(cached.usage.cachedTokens == layout.cachedTokenCount)
    #expect(cached.usage.cachedTokens > 60)
    #expect(plain.usage.cachedTokens == 0)
  }

  @Test func statesInHalfPrecisionKeepTheAnswer() async throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(chain)
    try fixture.warm(schema, as: .f16)
    let layout = try fixture.layout(chainPrompt, of: schema)
    let cached = try await fixture.answer(try fixture.session.prepare(layout, of: schema, element: .f16))
    let plain = try await fixture.answer(ReadyPrompt(uncached: layout))
    #expect(cached.text == plain.text)
    let pairs = zip(try #require(cached.logProbabilities), try #require(plain.logProbabilities))
    for (one, other) in pairs { #expect(abs(one.logProbability - other.logProbability) < 2e-2) }
  }

  @Test func theLastTokenIsComputedWhereNothingIsNew() async throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(chain)
    try fixture.warm(schema, as: .f32)
    let layout = try fixture.layout(#"<prompt schema="chain"><first/></prompt>"#, of: schema)
    #expect(layout.computed.count == 1)
    let cached = try await fixture.answer(try fixture.session.prepare(layout, of: schema, element: .f32))
    let plain = try await fixture.answer(ReadyPrompt(uncached: layout))
    expectSame(cached, plain)
  }

  /// Several answers go on from the sections of one prompt without a cache.
  @Test func branchesWithoutACache() async throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(chain)
    let prompt = ReadyPrompt(uncached: try fixture.layout(chainPrompt, of: schema))
    let plain = try await fixture.answer(prompt)
    let options = Array(repeating: GenerationOptions(maximumTokens: 8, logProbabilities: 5), count: 3)
    var found: [Completion] = []
    for answer in try await fixture.session.scheduler.submit(prompt, options: options) {
      while let event = try await answer.next() { if case .finish(let completion) = event { found.append(completion) } }
    }
    #expect(found.count == 3)
    for answer in found { expectSame(answer, plain) }
  }
}
