internal import Engine
package import KVCacheFormat
public import PMLCompiler
internal import Store

extension CacheSession {
  /// Compiles a prompt's document and answers it.
  ///
  /// - Parameters:
  ///   - source: the document.
  ///   - schema: the schema that it is for.
  ///   - options: how tokens are chosen, and when the answer ends.
  /// - Throws: `PromptCacheError.invalidDocument` where the prompt has errors; else as the other `generate`.
  public func generate(
    from source: SourceFile, of schema: WarmedSchema, options: GenerationOptions = .init()
  ) throws(PromptCacheError) -> Generation {
    try generate(from: model.compile(prompt: source, of: schema.schema).get(), of: schema, options: options)
  }

  /// The answer to a prompt from the store's states, as it is made.
  ///
  /// The time to the first token counts from here, and compiling the prompt is added to it.
  ///
  /// - Parameters:
  ///   - prompt: compiled for `schema`.
  ///   - schema: how the states are kept.
  ///   - options: how tokens are chosen, and when the answer ends.
  /// - Throws: `PromptCacheError.statesMissing` where states that it needs are not in the store (see `ensureStates`);
  ///   `.store` for damaged ones; `.engine` for weights that cannot be loaded.
  public func generate(
    from prompt: PlannedPrompt, of schema: WarmedSchema, options: GenerationOptions = .init()
  ) throws(PromptCacheError) -> Generation {
    _ = try engine
    let start = ContinuousClock.now - prompt.compileTime
    return try generate(from: try ready(prompt, of: schema), options: options, start: start)
  }

  /// The answer to a prompt with every token computed, at positions 0, 1, 2 …: the baseline to compare with.
  ///
  /// - Parameters:
  ///   - prompt: compiled for any schema.
  ///   - options: how tokens are chosen, and when the answer ends.
  /// - Throws: `PromptCacheError.engine` for weights that cannot be loaded.
  public func generateUncached(
    from prompt: PlannedPrompt, options: GenerationOptions = .init()
  ) throws(PromptCacheError) -> Generation {
    _ = try engine
    let start = ContinuousClock.now - prompt.compileTime
    return try generate(from: ReadyPrompt(uncached: prompt.layout), options: options, start: start)
  }

  /// The answer to a prompt whose states were found, as it is made.
  ///
  /// - Parameters:
  ///   - prompt: the prompt.
  ///   - options: how tokens are chosen, and when the answer ends.
  ///   - start: when the request began; the time to the first token counts from here.
  /// - Throws: `PromptCacheError.engine` for weights that cannot be loaded.
  public func generate(
    from prompt: ReadyPrompt, options: GenerationOptions = .init(), start: ContinuousClock.Instant = .now
  ) throws(PromptCacheError) -> Generation {
    Generation(to: prompt, on: try scheduler, options: options, start: start)
  }

  /// Finds the states that a prompt uses. They are read where they lie for as long as the result lives.
  ///
  /// - Throws: `PromptCacheError.statesMissing`; `.store` for damaged states.
  public func ready(_ prompt: PlannedPrompt, of schema: WarmedSchema) throws(PromptCacheError) -> ReadyPrompt {
    try prepare(prompt.layout, of: schema.schema, element: schema.element)
  }

  /// Compares the answer from the store's states with the baseline's.
  ///
  /// - Parameters:
  ///   - prompt: compiled for `schema`.
  ///   - schema: how the states are kept.
  ///   - maximumTokens: how long answers get, 1 or more.
  /// - Throws: as `generate`.
  public func audit(
    _ prompt: PlannedPrompt, of schema: WarmedSchema, maximumTokens: Int
  ) async throws(PromptCacheError) -> AuditReport {
    try await PromptAudit(self, element: schema.element, maximumTokens: maximumTokens)
      .report(on: prompt.layout, of: schema.schema)
  }

  /// The same for a layout and its schema.
  package func prepare(
    _ layout: PromptLayout, of schema: PlannedSchema, element: KVElement
  ) throws(PromptCacheError) -> ReadyPrompt {
    let lookup = try lookup(schema, element)
    var attended: [AttendedSegment] = []
    attended.reserveCapacity(layout.cached.count)
    for use in layout.cached {
      let encoding = schema.plan.encodings[use.encoding]
      guard let segment = try lookup.segment(encoding) else { throw .statesMissing(schema: schema.name) }
      attended.append(AttendedSegment(segment, place: use.place, encodedAt: encoding.start, count: use.count))
    }
    return ReadyPrompt(layout, attended: attended, snapshot: lookup.snapshot)
  }
}
