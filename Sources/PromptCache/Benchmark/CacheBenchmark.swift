public import KVCacheFormat
internal import PMLCompiler
internal import Store

/// Measures what the cache saves on this machine: the first token with and without it, decoding, and reads of the store.
///
/// It warms schemas of its own, so give it a store that nobody needs.
public struct CacheBenchmark: Sendable {
  private let session: CacheSession
  private let element: KVElement
  private let repeats: Int

  /// Tokens that are decoded for the speed of decoding.
  private static let decodedTokens = 32

  /// A benchmark of a session's model.
  ///
  /// - Parameter element: KV format of the states.
  /// - Parameter session: the model and the store.
  /// - Parameter repeats: how often each time is taken, 1 or more; the median counts.
  public init(_ session: CacheSession, element: KVElement, repeats: Int) {
    self.session = session
    self.element = element
    self.repeats = max(repeats, 1)
  }

  /// Measures a prompt of about `cached` tokens with states in the store and about `new` others.
  ///
  /// - Parameter cached: tokens of the prompt that the store has.
  /// - Parameter new: tokens that it lacks.
  /// - Parameter progress: told the measurements done, and their number.
  /// - Throws: `PromptCacheError.benchmarkTooLong` where the model has no room for such a prompt and the tokens that are
  ///   decoded; else what warming and running throw.
  public func measure(
    cached: Int, new: Int, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws(PromptCacheError) -> BenchmarkReport {
    let model = session.model
    let tooLong = PromptCacheError.benchmarkTooLong(
      tokens: cached + new, decoded: Self.decodedTokens, contextLength: model.configuration.contextLength)
    let documents = BenchmarkDocuments(cached: cached, new: new, tokenizer: model.tokenizer)
    let schemaSource = SourceFile(path: "benchmark", text: documents.schema)
    guard let schema = model.compile(schema: schemaSource).value, let layout = layout(documents.prompt, schema),
      layout.nextPosition + Self.decodedTokens <= layout.limits.positions(isExtended: layout.isExtended)
    else { throw tooLong }
    let engine = try session.engine
    let warmed = try session.warm(schema, as: element)

    let firstLookup = try await time { () async throws(PromptCacheError) in
      _ = try session.prepare(layout, of: schema, element: element)
    }
    var lookups: [Double] = []
    var cachedTimes: [Double] = []
    var fullTimes: [Double] = []
    for round in 0..<repeats {
      progress(round, repeats)
      lookups.append(
        try await time { () async throws(PromptCacheError) in
          _ = try session.prepare(layout, of: schema, element: element)
        })
      cachedTimes.append(
        try await time { () async throws(PromptCacheError) in
          try await answer(documents.prompt, schema, isCached: true)
        })
      fullTimes.append(
        try await time { () async throws(PromptCacheError) in
          try await answer(documents.prompt, schema, isCached: false)
        })
    }
    progress(repeats, repeats)
    let prompt = try session.prepare(layout, of: schema, element: element)
    let decoded = try await session.generate(from: prompt, options: Self.options(tokens: Self.decodedTokens + 1))
      .completion()
    return BenchmarkReport(
      threads: engine.threads, kv: element.rawValue, cachedTokens: prompt.cachedTokens,
      computedTokens: prompt.tokens.count,
      cachedTTFT: median(cachedTimes), fullTTFT: median(fullTimes),
      decodeTokensPerSecond: decoded.timings.decodeTokensPerSecond,
      warmTokensPerSecond: warmed.report.map { Double($0.tokensComputed) / $0.seconds } ?? 0,
      store: BenchmarkReport.StoreReads(
        bytes: prompt.cachedByteCount, firstLookup: firstLookup, lookup: median(lookups)))
  }

  private func layout(_ prompt: String, _ schema: PlannedSchema) -> PromptLayout? {
    session.model.compile(prompt: SourceFile(path: "benchmark", text: prompt), of: schema).value?.layout
  }

  /// Exactly so many tokens: a token that ends an answer does not end this one.
  private static func options(tokens: Int) -> GenerationOptions {
    var options = GenerationOptions(maximumTokens: tokens)
    options.ignoresEndTokens = true
    return options
  }

  /// All that a request does before its first token is there.
  private func answer(_ document: String, _ schema: PlannedSchema, isCached: Bool) async throws(PromptCacheError) {
    guard let layout = layout(document, schema) else { throw .emptyPrompt }
    let prompt =
      isCached ? try session.prepare(layout, of: schema, element: element) : ReadyPrompt(uncached: layout)
    _ = try await session.generate(from: prompt, options: Self.options(tokens: 1)).completion()
  }

  /// Milliseconds that `body` takes.
  private func time(
    _ body: () async throws(PromptCacheError) -> Void
  ) async throws(PromptCacheError) -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    try await body()
    return (clock.now - start).inSeconds * 1000
  }

  private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

extension ReadyPrompt {
  /// Bytes of the states that are read from the store.
  fileprivate var cachedByteCount: Int {
    attended.reduce(0) { $0 + $1.segment.layout.byteCount }
  }
}
