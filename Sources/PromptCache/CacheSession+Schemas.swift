public import KVCacheFormat
public import PMLCompiler
public import Store

extension CacheSession {
  /// Compiles a schema's document and warms it.
  ///
  /// - Parameters:
  ///   - source: the document.
  ///   - element: how states are kept.
  /// - Throws: `PromptCacheError.invalidDocument` where the schema has errors; else as the other `warm`.
  public func warm(_ source: SourceFile, as element: KVElement = .f16) throws(PromptCacheError) -> WarmedSchema {
    try warm(model.compile(schema: source).get(), as: element)
  }

  /// Computes the states of a schema that the store lacks, and records a version of it unless nothing changed since the
  /// newest one.
  ///
  /// It can be stopped at any point: states are committed every half second, and the next call goes on from there.
  ///
  /// - Parameters:
  ///   - schema: compiled for this session's model.
  ///   - element: how states are kept.
  /// - Returns: the schema, its version leased, with a report of what was computed.
  /// - Throws: `PromptCacheError` for the engine's and the store's failures.
  public func warm(_ schema: PlannedSchema, as element: KVElement = .f16) throws(PromptCacheError) -> WarmedSchema {
    try warm(schema, as: element, EncodingTerms())
  }

  /// The same on other terms.
  func warm(
    _ schema: PlannedSchema, as element: KVElement, _ terms: EncodingTerms
  ) throws(PromptCacheError) -> WarmedSchema {
    let store = try storeForStates()
    while true {
      let report = try record(schema, as: element, in: store, terms)
      let name = VersionName(model: try fingerprint, schema: schema.name, number: report.version ?? 0)
      // Another process may collect garbage between recording and leasing.
      guard let lease = try lease(name) else { continue }
      return WarmedSchema(schema, element: element, version: name.number, report: report, lease: lease)
    }
  }

  /// What warming a schema would do. Nothing is computed, and nothing written.
  ///
  /// - Parameters:
  ///   - schema: compiled for this session's model.
  ///   - element: how states would be kept.
  /// - Throws: `PromptCacheError` for the store's failures.
  public func forecast(_ schema: PlannedSchema, as element: KVElement = .f16) throws(PromptCacheError) -> WarmReport {
    let wanted = Array(schema.plan.encodings.indices)
    let missing = try MissingStates(of: wanted, in: schema.plan, try lookup(element))
    return WarmReport(schema, missing, version: nil, seconds: 0)
  }

  /// The newest version of the schema called `name` that the store has now.
  ///
  /// - Parameters:
  ///   - name: the schema's name.
  ///   - element: its KV format, any where it is `nil`.
  /// - Throws: `PromptCacheError.notWarmed` if there is none; `.unreadableVersion` for one that another version of this
  ///   library has written; `.store`.
  public func schema(named name: String, as element: KVElement? = nil) throws(PromptCacheError) -> WarmedSchema {
    guard let newest = try newestVersion(of: name, as: element) else {
      throw .notWarmed(schema: name, model: model, element: element)
    }
    return newest
  }

  /// Number of the newest version that the store has now of the schema called `name`, in any KV format; `nil` if there is
  /// none.
  ///
  /// - Throws: `PromptCacheError.store`; `.engine` for a model's files that cannot be read.
  public func newestVersionNumber(of name: String) throws(PromptCacheError) -> Int? {
    guard let store = try sessionStore.readable() else { return nil }
    let fingerprint = try fingerprint
    return try withStoreErrors { () throws(StoreError) in
      try store.snapshot().newestVersion(model: fingerprint, schema: name)?.number
    }
  }

  /// The versions of all models in this session's part of the store; none where there is no store.
  ///
  /// - Throws: `PromptCacheError.store`.
  public func storedVersions() throws(PromptCacheError) -> [VersionSummary] {
    guard let store = try sessionStore.readable() else { return [] }
    return try withStoreErrors { () throws(StoreError) in try store.list() }
  }

  /// A schema that is not warmed as a whole: `ensureStates` computes only what prompts need.
  ///
  /// - Parameters:
  ///   - schema: compiled for this session's model.
  ///   - element: how states are kept: without it as in the schema's newest version, or else as f16.
  /// - Throws: `PromptCacheError.store`.
  public func schema(_ schema: PlannedSchema, as element: KVElement? = nil) throws(PromptCacheError) -> WarmedSchema {
    guard let (newest, lease) = try leaseNewestVersion(of: schema.name, as: element) else {
      return WarmedSchema(schema, element: element ?? .f16)
    }
    // States that it has in common with the version stay as long as this does.
    return WarmedSchema(schema, element: element ?? newest.element, lease: lease)
  }

  /// Computes and keeps the states that a prompt needs and the store lacks, without recording a version.
  ///
  /// Where nothing is missing, nothing is written, so the store may be one that can only be read.
  ///
  /// - Parameters:
  ///   - prompt: compiled for `schema`.
  ///   - schema: how the states are kept.
  ///   - joint: what the answer will do with joint encodings; those that it uses take the place of others. `.make` makes
  ///     those that are missing.
  /// - Throws: `PromptCacheError` for the engine's and the store's failures.
  public func ensureStates(
    for prompt: PlannedPrompt, of schema: WarmedSchema, joint: JointUse = .use
  ) throws(PromptCacheError) {
    try ensureStates(for: prompt, of: schema, joint: joint, EncodingTerms())
  }

  /// The same on other terms.
  func ensureStates(
    for prompt: PlannedPrompt, of schema: WarmedSchema, joint: JointUse, _ terms: EncodingTerms
  ) throws(PromptCacheError) {
    if try sessionStore.readable() == nil, prompt.layout.parts.contains(where: { $0.encoding != nil }) {
      _ = try storeForStates()
    }
    var covered = 0
    switch joint {
    case .make:
      try makeJoint(for: [prompt], of: schema, terms)
      covered = prompt.layout.chain.digests.count
    case .use: covered = try jointCount(of: prompt.layout, try lookup(schema.element))
    case .off: break
    }
    let wanted = prompt.layout.cached(behind: covered).map(\.encoding)
    guard !wanted.isEmpty else { return }
    let missing = try MissingStates(of: wanted, in: schema.schema.plan, try lookup(schema.element))
    guard !missing.order.isEmpty else { return }
    try compute(
      missing, in: schema.schema.plan, of: schema.schema, as: schema.element, store: try sessionStore.writable(), terms)
  }

  /// Notes in the store which states were used last, for garbage collection, unless another process is writing or
  /// nothing can be written. Call it after an answer, which need not wait for it.
  public func recordUses() {
    _ = try? sessionStore.readable()?.recordUsesIfIdle()
  }

  /// The newest version of a schema; `nil` if there is none.
  package func newestVersion(
    of name: String, as element: KVElement? = nil
  ) throws(PromptCacheError) -> WarmedSchema? {
    guard let (newest, lease) = try leaseNewestVersion(of: name, as: element) else { return nil }
    let schema = try PlannedSchema(of: newest, model: model)
    return WarmedSchema(schema, element: newest.element, version: newest.number, lease: lease)
  }

  /// Says to other processes that a version is in use; `nil` if it is gone.
  package func lease(_ version: VersionName) throws(PromptCacheError) -> Lease? {
    let store = try store
    return try withStoreErrors { () throws(StoreError) in
      let lease = try store.lease(version)
      // It may have been freed just before. Once leased, it stays.
      let isThere = try store.snapshot().versions(model: version.model, schema: version.schema)
        .contains { $0.number == version.number }
      return isThere ? lease : nil
    }
  }

  private func leaseNewestVersion(
    of name: String, as element: KVElement?
  ) throws(PromptCacheError) -> (VersionRecord, Lease)? {
    guard let store = try sessionStore.readable() else { return nil }
    let fingerprint = try fingerprint
    while true {
      let newest = try withStoreErrors { () throws(StoreError) in
        try store.snapshot().versions(model: fingerprint, schema: name)
          .last { element == nil || $0.element == element }
      }
      guard let newest else { return nil }
      if let lease = try lease(newest.name) { return (newest, lease) }
    }
  }

  /// The store, for states that are about to be computed.
  ///
  /// A missing one is created after the weights are loaded, which may fail, unless these are to be kept beside it, and
  /// before the model's files are read, so that it remembers their digests.
  func storeForStates() throws(PromptCacheError) -> StateStore {
    if sessionStore.access == .writing, model.weights == .stored, try sessionStore.readable() == nil { _ = try engine }
    return try sessionStore.writable()
  }

  private func record(
    _ schema: PlannedSchema, as element: KVElement, in store: StateStore, _ terms: EncodingTerms
  ) throws(PromptCacheError) -> WarmReport {
    let clock = ContinuousClock()
    let start = clock.now
    let warming = try withStoreErrors { () throws(StoreError) in try store.leaseForWarming() }
    defer { withExtendedLifetime(warming) {} }
    let wanted = Array(schema.plan.encodings.indices)
    let missing = try MissingStates(of: wanted, in: schema.plan, try lookup(element))
    try compute(missing, in: schema.plan, of: schema, as: element, store: store, terms)
    let fingerprint = try fingerprint
    try model.checkUnchanged()
    let version = try withStoreErrors { () throws(StoreError) in
      try store.write { batch throws(StoreError) in
        let kept = schema.storedEncodings
        return try batch.recordVersion(
          model: fingerprint, schema: schema.name, hash: schema.hash, lowered: schema.compiled.encoded,
          element: element, encodings: kept.map(\.digest), labels: kept.map(\.label))
      }
    }
    return WarmReport(schema, missing, version: version.number, seconds: (clock.now - start).inSeconds)
  }

  func compute(
    _ missing: MissingStates, in graph: some EncodingGraph, of schema: PlannedSchema, as element: KVElement,
    store: StateStore, _ terms: EncodingTerms,
    describing description: @escaping (Int) throws(StoreError) -> JointRecord? = { _ in nil }
  ) throws(PromptCacheError) {
    try compute(missing, in: graph, named: schema.name, as: element, store: store, terms, describing: description)
  }

  func compute(
    _ missing: MissingStates, in graph: some EncodingGraph, named name: String, as element: KVElement,
    store: StateStore, _ terms: EncodingTerms,
    describing description: @escaping (Int) throws(StoreError) -> JointRecord?
  ) throws(PromptCacheError) {
    guard !missing.order.isEmpty else { return }
    let clock = ContinuousClock()
    let computer = StateComputer(
      graph: graph, worker: try worker(terms.place), store: store, model: try fingerprint, files: model.files,
      element: element, description: description)
    defer { progress(.ended) }
    let start = clock.now
    func done(_ tokens: Int) -> WarmProgress {
      WarmProgress(tokensDone: tokens, tokensTotal: missing.tokens, seconds: (clock.now - start).inSeconds)
    }
    terms.progress(done(0))
    try computer.perform(missing) { tokensDone in
      let done = done(tokensDone)
      progress(.computingStates(schema: name, done))
      terms.progress(done)
    }
  }

  /// Finds states as the store has them now.
  func lookup(_ element: KVElement) throws(PromptCacheError) -> StateLookup {
    let store = try sessionStore.readable()
    let snapshot = try withStoreErrors { () throws(StoreError) in try store?.snapshot() }
    return StateLookup(
      snapshot: snapshot, model: try fingerprint, element: element, layers: model.configuration.kvLayers)
  }
}
