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
  ///   - asksRemote: whether the remote store is asked what it has; if not, all is computed that is not here.
  /// - Throws: `PromptCacheError` for the store's failures.
  public func forecast(
    _ schema: PlannedSchema, as element: KVElement = .f16, askingRemote asksRemote: Bool = false
  ) throws(PromptCacheError) -> WarmReport {
    let plan = schema.plan
    let wanted = Array(plan.encodings.indices)
    let lookup = try lookup(element)
    let missing = try MissingStates(of: wanted, in: plan, lookup)
    let documents = try missingDocuments(of: schema, lookup)
    var counts = StateCounts(missing)
    counts.add(documents.counts)
    if asksRemote, let remote {
      let lacking = Set(missing.order.filter(plan.isStored).map(plan.digest(of:))).union(documents.digests)
      let there = remote.sizes(of: Array(lacking), lookup)
      let promised = Set(there.keys)
      var rest = StateCounts(try MissingStates(of: wanted, in: plan, promised: promised, lookup))
      rest.add(try missingDocuments(of: schema, promised: promised, lookup).counts)
      counts.fetch(all: there, leaving: rest)
    }
    return WarmReport(schema, counts, version: nil, seconds: 0)
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
      throw .notWarmed(schema: name, model: model, element: element, others: try otherModels(with: name))
    }
    return newest
  }

  /// What other models are called that the store has a version of a schema for, sorted.
  private func otherModels(with schema: String) throws(PromptCacheError) -> [String] {
    let own = try fingerprint
    let names = try storedVersions().filter { $0.schema == schema && $0.model != own }.compactMap(\.modelName)
    return Set(names).sorted()
  }

  /// Number of the newest version that the store has now of the schema called `name`, in any KV format; `nil` if there is
  /// none.
  ///
  /// - Throws: `PromptCacheError.store`; `.engine` for a model's files that cannot be read.
  public func newestVersionNumber(of name: String) throws(PromptCacheError) -> Int? {
    try takeOverNewest(of: name)
    guard let store = try sessionStore.readable() else { return nil }
    let fingerprint = try fingerprint
    return try withStoreErrors { () throws(StoreError) in
      try store.snapshot().newestHead(model: fingerprint, schema: name)?.name.number
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
    let prompt = try findDocuments(for: prompt, of: schema, terms)
    if try sessionStore.readable() == nil, prompt.layout.parts.contains(where: { $0.encoding != nil }) {
      _ = try storeForStates()
    }
    var covered = 0
    switch joint {
    case .make:
      try makeJoint(for: [prompt], of: schema, sharing: false, terms)
      covered = prompt.layout.chain.digests.count
    case .use:
      covered = try jointCount(of: prompt.layout, try lookup(schema.element))
      if remote != nil, covered < prompt.layout.chain.digests.count {
        try bringJoint(for: prompt, of: schema, behind: covered)
        covered = try jointCount(of: prompt.layout, try lookup(schema.element))
      }
    case .off: break
    }
    let wanted = prompt.layout.cached(behind: covered).map(\.encoding)
    guard !wanted.isEmpty else { return }
    let plan = prompt.schema.plan
    try ensure(
      Set(wanted.map(plan.digest(of:))), in: plan, named: schema.schema.name, as: schema.element,
      isPublished: schema.version != nil, terms,
      store: { () throws(PromptCacheError) in try self.sessionStore.writable() }
    ) { lookup throws(PromptCacheError) in try MissingStates(of: wanted, in: plan, lookup) }
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
    let schema = try PlannedSchema(of: newest, in: try store, model: model)
    return WarmedSchema(schema, element: newest.element, version: newest.name.number, lease: lease)
  }

  /// Says to other processes that a version is in use; `nil` if it is gone.
  package func lease(_ version: VersionName) throws(PromptCacheError) -> Lease? {
    let store = try store
    return try withStoreErrors { () throws(StoreError) in
      let lease = try store.lease(version)
      // It may have been freed just before. Once leased, it stays.
      return try store.snapshot().contains(version) ? lease : nil
    }
  }

  private func leaseNewestVersion(
    of name: String, as element: KVElement?
  ) throws(PromptCacheError) -> (VersionHead, Lease)? {
    try takeOverNewest(of: name)
    guard let store = try sessionStore.readable() else { return nil }
    let fingerprint = try fingerprint
    while true {
      let newest = try withStoreErrors { () throws(StoreError) in
        try store.snapshot().newestHead(model: fingerprint, schema: name, element: element)
      }
      guard let newest else { return nil }
      if let lease = try lease(newest.name) { return (newest, lease) }
    }
  }

  /// The store, for states that are about to be computed.
  ///
  /// A missing one is created after the weights are loaded, which may fail, or only looked for where they are to be kept
  /// beside it; and before the model's files are read, so that it remembers their digests.
  func storeForStates() throws(PromptCacheError) -> StateStore {
    if sessionStore.access == .writing, try sessionStore.readable() == nil {
      if model.repacksWeights { try model.checkWeights() } else { _ = try engine }
    }
    return try sessionStore.writable()
  }

  private func record(
    _ schema: PlannedSchema, as element: KVElement, in store: StateStore, _ terms: EncodingTerms
  ) throws(PromptCacheError) -> WarmReport {
    let clock = ContinuousClock()
    let start = clock.now
    let warming = try withStoreErrors { () throws(StoreError) in try store.leaseForWarming() }
    defer { withExtendedLifetime(warming) {} }
    let fingerprint = try fingerprint
    let wanted = Array(schema.plan.encodings.indices)
    let stored = schema.storedEncodings
    let listings = schema.listings
    let older = try withStoreErrors { () throws(StoreError) in
      try store.snapshot().newestHead(model: fingerprint, schema: schema.name)
    }
    let publication = try publication(of: schema, in: store)
    var counts = StateCounts(
      try ensure(
        Set(stored.map(\.digest)), in: schema.plan, named: schema.name, as: element, isPublished: false, terms,
        store: { () throws(PromptCacheError) in store }, with: publication
      ) { lookup throws(PromptCacheError) in try MissingStates(of: wanted, in: schema.plan, lookup) })
    counts.add(try warmDocuments(of: schema, as: element, in: store, with: publication, terms))
    try model.checkUnchanged()
    var report = WarmReport(schema, counts, version: nil, seconds: 0)
    if let publication {
      let published = try publication.publish(
        VersionRecord(
          model: fingerprint, schema: schema.name, schemaHash: schema.hash, lowered: schema.compiled.encoded,
          element: element, encodings: stored.map(\.digest), labels: stored.map(\.label),
          libraries: listings))
      report.remote = published.report
      report.version = published.version
    }
    let isRecorded = report.version != nil
    let recorded = try withStoreErrors { () throws(StoreError) in
      try store.write { batch throws(StoreError) -> Int? in
        try batch.setModelName(fingerprint, model.name + (model.weights == .stored ? "" : " (\(model.weights))"))
        guard !isRecorded else { return nil }
        return try batch.recordVersion(
          model: fingerprint, schema: schema.name, hash: schema.hash, lowered: schema.compiled.encoded,
          element: element, encodings: stored.map(\.digest), labels: stored.map(\.label),
          libraries: listings
        ).number
      }
    }
    report.version = report.version ?? recorded
    try indexDocuments(of: schema, in: store, from: older)
    report.seconds = (clock.now - start).inSeconds
    return report
  }

  /// Finds states as the store has them now.
  func lookup(_ element: KVElement) throws(PromptCacheError) -> StateLookup {
    let store = try sessionStore.readable()
    let snapshot = try withStoreErrors { () throws(StoreError) in try store?.snapshot() }
    return StateLookup(
      snapshot: snapshot, model: try fingerprint, element: element, layers: model.configuration.kvLayers)
  }
}
