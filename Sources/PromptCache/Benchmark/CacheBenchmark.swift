internal import Engine
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
  ) throws(PromptCacheError) -> BenchmarkReport {
    let model = session.model
    let tooLong = PromptCacheError.benchmarkTooLong(
      tokens: cached + new, decoded: Self.decodedTokens, contextLength: model.configuration.contextLength)
    let documents = BenchmarkDocuments(cached: cached, new: new, tokenizer: model.tokenizer)
    let schemaSource = SourceFile(path: "benchmark", text: documents.schema)
    guard let schema = model.compile(schema: schemaSource).value else { throw tooLong }
    let engine = try session.engine
    let warmed = try session.warm(schema, as: element)
    guard let layout = layout(documents.prompt, schema),
      layout.nextPosition + Self.decodedTokens <= model.configuration.contextLength
    else { throw tooLong }

    let firstLookup = try time { () throws(PromptCacheError) in
      _ = try session.prepare(layout, of: schema, element: element)
    }
    var lookups: [Double] = []
    var cachedTimes: [Double] = []
    var fullTimes: [Double] = []
    for round in 0..<repeats {
      progress(round, repeats)
      lookups.append(
        try time { () throws(PromptCacheError) in
          _ = try session.prepare(layout, of: schema, element: element)
        })
      cachedTimes.append(
        try time { () throws(PromptCacheError) in try answer(documents.prompt, schema, isCached: true) })
      fullTimes.append(
        try time { () throws(PromptCacheError) in try answer(documents.prompt, schema, isCached: false) })
    }
    progress(repeats, repeats)
    let prompt = try session.prepare(layout, of: schema, element: element)
    let decodeTime = try decode(after: prompt)
    return BenchmarkReport(
      threads: engine.threads, kv: element.rawValue, cachedTokens: prompt.cachedTokens,
      computedTokens: prompt.tokens.count,
      cachedTTFT: median(cachedTimes), fullTTFT: median(fullTimes),
      decodeTokensPerSecond: Double(Self.decodedTokens) * 1000 / decodeTime,
      warmTokensPerSecond: warmed.report.map { Double($0.tokensComputed) / $0.seconds } ?? 0,
      store: BenchmarkReport.StoreReads(
        bytes: prompt.cachedByteCount, firstLookup: firstLookup, lookup: median(lookups)))
  }

  private func layout(_ prompt: String, _ schema: PlannedSchema) -> PromptLayout? {
    session.model.compile(prompt: SourceFile(path: "benchmark", text: prompt), of: schema).value?.layout
  }

  /// All that a request does before its first token is there.
  private func answer(_ document: String, _ schema: PlannedSchema, isCached: Bool) throws(PromptCacheError) {
    guard let layout = layout(document, schema) else { throw .emptyPrompt }
    let prompt =
      isCached ? try session.prepare(layout, of: schema, element: element) : ReadyPrompt(uncached: layout)
    let sequence = SequenceState(attending: prompt.attended)
    _ = try token(after: prompt.tokens, at: prompt.positions, in: sequence)
  }

  /// Milliseconds to decode tokens behind a prompt. An end of the answer does not end it.
  private func decode(after prompt: ReadyPrompt) throws(PromptCacheError) -> Double {
    let sequence = SequenceState(attending: prompt.attended)
    var next = try token(after: prompt.tokens, at: prompt.positions, in: sequence)
    return try time { () throws(PromptCacheError) in
      for offset in 0..<Self.decodedTokens {
        next = try token(after: [next], at: [Int32(prompt.nextPosition + offset)], in: sequence)
      }
    }
  }

  private func token(
    after tokens: [Int32], at positions: [Int32], in sequence: SequenceState
  ) throws(PromptCacheError) -> Int32 {
    let engine = try session.engine
    let logits = try withEngineErrors { () throws(EngineError) in
      try engine.forward(tokens: tokens, positions: positions, sequence: sequence, logits: .last)
    }
    var sampler = Sampler(SamplingOptions())
    return sampler.pick(from: logits[0])
  }

  /// Milliseconds that `body` takes.
  private func time(_ body: () throws(PromptCacheError) -> Void) throws(PromptCacheError) -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    try body()
    return (clock.now - start).inSeconds * 1000
  }

  private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

extension ReadyPrompt {
  /// Bytes of the states that are read from the store.
  fileprivate var cachedByteCount: Int {
    attended.reduce(0) { $0 + $1.segment.layout.byteCount * $1.segment.layout.shape.layers }
  }
}
