internal import ContentHash
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
  ///   - joint: what to do with joint encodings.
  ///   - repair: how much of the cached tokens that are not exact is computed again, 0 to 1.
  ///   - options: how tokens are chosen, and when the answer ends.
  /// - Throws: `PromptCacheError.invalidDocument` where the prompt has errors; else as the other `generate`.
  public func generate(
    from source: SourceFile, of schema: WarmedSchema, joint: JointUse = .use, repair: Double = 0,
    options: GenerationOptions = .init()
  ) throws(PromptCacheError) -> Generation {
    try generate(
      from: findDocuments(for: model.compile(prompt: source, of: schema.schema).get(), of: schema), of: schema,
      joint: joint, repair: repair,
      options: options)
  }

  /// The answer to a prompt from the store's states, as it is made.
  ///
  /// The time to the first token counts from here, and compiling the prompt is added to it.
  ///
  /// - Parameters:
  ///   - prompt: compiled for `schema`.
  ///   - schema: how the states are kept.
  ///   - joint: what to do with joint encodings.
  ///   - repair: how much of the cached tokens that are not exact is computed again, 0 to 1.
  ///   - options: how tokens are chosen, and when the answer ends.
  /// - Throws: `PromptCacheError.statesMissing` where states that it needs are not in the store (see `ensureStates`);
  ///   `.store` for damaged ones; `.engine` for weights that cannot be loaded.
  public func generate(
    from prompt: PlannedPrompt, of schema: WarmedSchema, joint: JointUse = .use, repair: Double = 0,
    options: GenerationOptions = .init()
  ) throws(PromptCacheError) -> Generation {
    _ = try engine
    let start = ContinuousClock.now - prompt.compileTime
    return try generate(
      from: try ready(prompt, of: schema, joint: joint, repair: repair), options: options, start: start)
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
  /// - Parameters:
  ///   - prompt: compiled for `schema`.
  ///   - schema: how the states are kept.
  ///   - joint: what to do with joint encodings. `.make` makes those that are missing first; so does `.use` where a turn of the
  ///     prompt is to be kept.
  ///   - repair: how much of the cached tokens that are not exact is computed again, together with the prompt's own: those
  ///     that its new text attends to most. 0 for none, 1 for all, which answers as without the cache. To find out which,
  ///     the new text goes through some of the layers once more.
  /// - Precondition: `repair` is 0 to 1.
  /// - Throws: `PromptCacheError.statesMissing`; `.store` for damaged states; with `.make` as `makeJoint`; with `repair`
  ///   `.engine`, and `.cancelled` if the current task is cancelled meanwhile.
  public func ready(
    _ prompt: PlannedPrompt, of schema: WarmedSchema, joint: JointUse = .use, repair: Double = 0
  ) throws(PromptCacheError) -> ReadyPrompt {
    try ready(prompt, of: schema, joint: joint, repair: repair, EncodingTerms())
  }

  /// The same on other terms.
  func ready(
    _ prompt: PlannedPrompt, of schema: WarmedSchema, joint: JointUse, repair: Double, _ terms: EncodingTerms
  ) throws(PromptCacheError) -> ReadyPrompt {
    let prompt = try findDocuments(for: prompt, of: schema, terms)
    if joint == .make || joint == .use && prompt.layout.keptCount > 0 {
      try makeJoint(for: [prompt], of: schema, sharing: false, terms)
    }
    // Without a remote store, all that a version needs is there, or was freed.
    if remote != nil { try ensureStates(for: prompt, of: schema, joint: joint == .off ? .off : .use, terms) }
    return try prepare(
      prompt.layout, of: prompt.schema, element: schema.element, joint: joint != .off, repair: repair, terms.place)
  }

  /// Compares the answer from the store's states with the baseline's.
  ///
  /// - Parameters:
  ///   - prompt: compiled for `schema`.
  ///   - schema: how the states are kept.
  ///   - joint: what to do with joint encodings. `.make` makes those that are missing first.
  ///   - repair: how much of the cached tokens that are not exact is computed again, 0 to 1.
  ///   - byModule: whether it finds out which modules' states cost most; that takes a pass for each of them.
  ///   - maximumTokens: how long answers get, 1 or more.
  /// - Throws: as `generate`.
  public func audit(
    _ prompt: PlannedPrompt, of schema: WarmedSchema, joint: JointUse = .use, repair: Double = 0,
    byModule: Bool = false, maximumTokens: Int
  ) async throws(PromptCacheError) -> AuditReport {
    let prompt = try findDocuments(for: prompt, of: schema)
    if joint == .make { try makeJoint(for: [prompt], of: schema, sharing: false, EncodingTerms()) }
    if remote != nil { try ensureStates(for: prompt, of: schema, joint: joint == .off ? .off : .use) }
    let audit = PromptAudit(
      self, element: schema.element, joint: joint != .off, repair: repair, byModule: byModule,
      maximumTokens: maximumTokens)
    return try await audit.report(on: prompt.layout, of: prompt.schema)
  }

  /// The same for a layout and its schema.
  ///
  /// - Parameter joint: whether joint encodings are used as far as they are there, from the front on.
  /// - Parameter repair: how much of what is not exact is computed again, 0 to 1.
  package func prepare(
    _ layout: PromptLayout, of schema: PlannedSchema, element: KVElement, joint: Bool = true, repair share: Double = 0
  ) throws(PromptCacheError) -> ReadyPrompt {
    try prepare(layout, of: schema, element: element, joint: joint, repair: share, .here)
  }

  private func prepare(
    _ layout: PromptLayout, of schema: PlannedSchema, element: KVElement, joint: Bool, repair share: Double,
    _ place: EncodingTerms.Place
  ) throws(PromptCacheError) -> ReadyPrompt {
    try prompt(
      layout, of: schema, states(for: layout, of: schema, element: element, joint: joint), repair: share, place)
  }

  /// The prompt that reads these states.
  ///
  /// - Throws: as `ready`.
  func prompt(
    _ layout: PromptLayout, of schema: PlannedSchema, _ found: FoundStates, repair share: Double,
    _ place: EncodingTerms.Place = .here
  ) throws(PromptCacheError) -> ReadyPrompt {
    precondition(share >= 0 && share <= 1, "a share of \(share)")
    return share > 0 ? try repair(layout, of: schema, found, share: share, place) : found.prompt(layout)
  }

  /// The states that stand for the parts of a prompt.
  ///
  /// - Throws: as `ready`.
  func states(
    for layout: PromptLayout, of schema: PlannedSchema, element: KVElement, joint: Bool
  ) throws(PromptCacheError) -> FoundStates {
    let lookup = try lookup(element)
    var sight = ExactSight(of: layout, in: schema.plan)
    try prefetchStates(for: layout, of: schema, joint: joint, lookup)
    var chain = layout.longestChain.digests[..<(joint ? layout.longestChain.digests.count : 0)]
    var lastJoint: SHA256Digest?
    var states: [StoredStates?] = []
    states.reserveCapacity(layout.parts.count)
    for (index, part) in layout.parts.enumerated() {
      guard layout.reusableCount(of: index) > 0 else {
        states.append(nil)
        continue
      }
      let plain = part.encoding.map { schema.plan.encodings[$0] }
      if let digest = chain.popFirst() {
        let isPlain = digest == plain?.digest
        if let segment = try jointSegment(digest, of: part, isPlain: isPlain, schema.name, lookup) {
          if !isPlain { lastJoint = digest }
          states.append(
            StoredStates(key: lookup.key(of: digest), segment: segment, encodedAt: part.start, isExact: true))
          continue
        }
        chain = []
      }
      guard let plain, let encoding = part.encoding else {
        states.append(nil)
        continue
      }
      guard let segment = try lookup.segment(plain.digest, tokens: part.tokens.count) else {
        throw .statesMissing(schema: schema.name)
      }
      states.append(
        StoredStates(
          key: lookup.key(of: plain.digest), segment: segment, encodedAt: plain.start,
          isExact: sight.isExact(encoding, at: index)))
    }
    var lease: Lease?
    if let lastJoint { lease = try lookup.lease(joint: lastJoint) }
    return FoundStates(states: states, snapshot: lookup.snapshot, lease: lease)
  }

  /// Has the system read all that is about to be looked at, side by side.
  private func prefetchStates(
    for layout: PromptLayout, of schema: PlannedSchema, joint: Bool, _ lookup: StateLookup
  ) throws(PromptCacheError) {
    var chain = layout.longestChain.digests[..<(joint ? layout.longestChain.digests.count : 0)]
    for (index, part) in layout.parts.enumerated() where layout.reusableCount(of: index) > 0 {
      if let digest = chain.popFirst() {
        if try lookup.prefetch(digest) { continue }
        chain = []
      }
      if let encoding = part.encoding { _ = try lookup.prefetch(schema.plan.encodings[encoding].digest) }
    }
  }

  /// The states of a joint encoding; `nil` if they are not there.
  ///
  /// A damaged one is as good as none: there are others to use. But one that the schema needs as well is missed anyway.
  private func jointSegment(
    _ digest: SHA256Digest, of part: PromptLayout.Part, isPlain: Bool, _ schema: String, _ lookup: StateLookup
  ) throws(PromptCacheError) -> KVSegment? {
    do throws(PromptCacheError) {
      return try lookup.segment(digest, tokens: part.tokens.count)
    } catch {
      guard !isPlain, case .store(.unusableBlob) = error else { throw error }
      progress(.jointEncodingDamaged(schema: schema, because: error))
      return nil
    }
  }
}
