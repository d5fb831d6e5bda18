internal import ContentHash
internal import KVCacheFormat
internal import PMLCompiler
public import Store

extension CacheSession {
  /// Computes and keeps the joint encodings of prompts that the store lacks.
  ///
  /// With them, what stands in front of a prompt's last new text equals plain inference, however its modules were encoded
  /// for the schema, and is read at the same speed. Encodings that several prompts have in common are computed once.
  ///
  /// It can be stopped at any point: states are committed every half second, and the next call goes on from there. Where
  /// nothing is missing, nothing is written, so the store may be one that can only be read.
  ///
  /// - Parameters:
  ///   - prompts: compiled for `schema`.
  ///   - schema: how the states are kept.
  /// - Throws: `PromptCacheError` for the engine's and the store's failures.
  @discardableResult
  public func makeJoint(
    for prompts: [PlannedPrompt], of schema: WarmedSchema
  ) throws(PromptCacheError) -> JointReport {
    try makeJoint(for: prompts, of: schema, EncodingTerms())
  }

  /// The same on other terms.
  @discardableResult
  func makeJoint(
    for prompts: [PlannedPrompt], of schema: WarmedSchema, _ terms: EncodingTerms
  ) throws(PromptCacheError) -> JointReport {
    let clock = ContinuousClock()
    let start = clock.now
    let plan = JointPlan(of: prompts.map(\.layout), on: schema.schema.plan.layout)
    var missing = try jointWork(plan, of: schema)
    if !missing.isDone {
      let store = try storeForStates()
      let lookup = try lookup(schema.element)
      let leases = try withStoreErrors { () throws(StoreError) in
        // Garbage collection leaves what this is about to use, and what it has written and not described yet.
        var leases = [try store.leaseForWarming()]
        for index in plan.indices { leases.append(try store.lease(joint: lookup.key(of: plan.digest(of: index)))) }
        return leases
      }
      defer { withExtendedLifetime(leases) {} }
      missing = try jointWork(plan, of: schema)
      try compute(missing.states, in: plan, of: schema.schema, as: schema.element, store: store, terms) {
        index throws(StoreError) in
        try self.record(of: index, in: plan, schema: schema.schema.name)
      }
      try describe(missing.undescribed, in: plan, of: schema, lookup, store)
    }
    return JointReport(
      combinations: plan.combinations, missing.states, seconds: (clock.now - start).inSeconds)
  }

  /// What `makeJoint` would do once the schema is warmed. Nothing is computed, and nothing written.
  ///
  /// - Parameters:
  ///   - prompts: compiled for `schema`.
  ///   - schema: how the states would be kept.
  /// - Throws: `PromptCacheError` for the store's failures.
  public func forecastJoint(
    for prompts: [PlannedPrompt], of schema: WarmedSchema
  ) throws(PromptCacheError) -> JointReport {
    let plan = JointPlan(of: prompts.map(\.layout), on: schema.schema.plan.layout)
    let promised = Set(schema.schema.plan.distinctStored.map(schema.schema.plan.digest(of:)))
    let missing = try MissingStates(of: plan, promised: promised, try lookup(schema.element))
    return JointReport(combinations: plan.combinations, missing, seconds: 0)
  }

  /// The joint encodings that the store has of prompts of the schema called `name`, for this model; none where there is no
  /// store.
  ///
  /// - Throws: `PromptCacheError.store`; `.engine` for a model's files that cannot be read.
  public func jointCombinations(of name: String) throws(PromptCacheError) -> [JointCombination] {
    guard let store = try sessionStore.readable() else { return [] }
    let fingerprint = try fingerprint
    return try withStoreErrors { () throws(StoreError) in try store.jointCombinations() }
      .filter { $0.model == fingerprint && $0.schema == name }
  }

  /// Number of encodings at the front of a prompt's chain that the store has.
  func jointCount(of layout: PromptLayout, _ lookup: StateLookup) throws(PromptCacheError) -> Int {
    for (index, digest) in layout.chain.digests.enumerated() {
      guard try lookup.contains(digest, tokens: layout.parts[index].tokens.count) else { return index }
    }
    return layout.chain.digests.count
  }

  private func jointWork(_ plan: JointPlan, of schema: WarmedSchema) throws(PromptCacheError) -> JointWork {
    try JointWork(plan, of: schema.schema, try lookup(schema.element))
  }

  private func record(
    of index: Int, in plan: JointPlan, schema: String
  ) throws(StoreError) -> JointRecord {
    try JointRecord(
      depth: plan.depth(of: index), position: plan.start(of: index), tokens: plan.tokenCount(of: index),
      previous: plan.previous(of: index).map(plan.digest(of:)), schema: schema, label: plan.label(of: index))
  }

  /// Records that encodings which were there already are joint ones as well.
  private func describe(
    _ indices: [Int], in plan: JointPlan, of schema: WarmedSchema, _ lookup: StateLookup, _ store: StateStore
  ) throws(PromptCacheError) {
    guard !indices.isEmpty else { return }
    try withStoreErrors { () throws(StoreError) in
      try store.write { batch throws(StoreError) in
        for index in indices {
          let record = try record(of: index, in: plan, schema: schema.schema.name)
          try batch.setJoint(lookup.key(of: plan.digest(of: index)), record)
        }
      }
    }
  }
}

/// What a store lacks of joint encodings.
private struct JointWork {
  let states: MissingStates
  /// Those that are there, but of which no record says what they are.
  let undescribed: [Int]

  var isDone: Bool { states.order.isEmpty && undescribed.isEmpty }

  init(_ plan: JointPlan, of schema: PlannedSchema, _ lookup: StateLookup) throws(PromptCacheError) {
    states = try MissingStates(of: plan, lookup)
    let missing = Set(states.order)
    let unrecorded = try withStoreErrors { () throws(StoreError) in
      var unrecorded: [Int] = []
      for index in plan.indices where !missing.contains(index) {
        let record = try lookup.snapshot?.joint(lookup.key(of: plan.digest(of: index)))
        if record?.schema != schema.name { unrecorded.append(index) }
      }
      return unrecorded
    }
    undescribed = unrecorded.isEmpty ? [] : unrecorded.filter(plan.combined(beside: schema).contains)
  }
}

extension JointPlan {
  /// The encodings of chains that are combinations to tell of: not those of which versions of the schema have all. This
  /// goes through the whole schema.
  fileprivate func combined(beside schema: PlannedSchema) -> Set<Int> {
    let plain = Set(schema.plan.distinctStored.map(schema.plan.digest(of:)))
    var combined: Set<Int> = []
    for index in indices.reversed() where combined.contains(index) || !plain.contains(digest(of: index)) {
      combined.insert(index)
      if let previous = previous(of: index) { combined.insert(previous) }
    }
    return combined
  }
}
