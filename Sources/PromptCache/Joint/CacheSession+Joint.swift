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
  /// A remote store gets those that it lacks, too.
  ///
  /// - Parameters:
  ///   - prompts: compiled for `schema`.
  ///   - schema: how the states are kept.
  /// - Throws: `PromptCacheError` for the engine's and the store's failures.
  @discardableResult
  public func makeJoint(
    for prompts: [PlannedPrompt], of schema: WarmedSchema
  ) throws(PromptCacheError) -> JointReport {
    try makeJoint(for: prompts, of: schema, sharing: true, EncodingTerms())
  }

  /// The same on other terms.
  ///
  /// - Parameter isShared: whether a remote store gets them: those that answers make by the way stay here.
  @discardableResult
  func makeJoint(
    for prompts: [PlannedPrompt], of schema: WarmedSchema, sharing isShared: Bool, _ terms: EncodingTerms
  ) throws(PromptCacheError) -> JointReport {
    let clock = ContinuousClock()
    let start = clock.now
    var found: [PlannedPrompt] = []
    for prompt in prompts { found.append(try findDocuments(for: prompt, of: schema, terms)) }
    let plan = JointPlan(of: found.map(\.layout), on: found.map(\.schema.plan.layout))
    let schemas = [schema.schema] + found.map(\.schema)
    let joint = found.reduce(into: Set()) { $0.formUnion($1.jointDigests) }
    var missing = try jointWork(plan, beside: schemas, schema.element)
    var sharing: JointSharing?
    if isShared, let remote = try remote?.with(joint: joint, lookup(schema.element).withoutSnapshot) {
      sharing = JointSharing(remote, try readableStore())
    }
    var ensured = EnsuredStates(reused: missing.states.reused)
    if !missing.isDone {
      let store = try storeForStates()
      let lookup = try lookup(schema.element)
      let leases = try jointLeases(plan, lookup, store)
      defer { withExtendedLifetime(leases) {} }
      ensured = try ensure(
        Set(plan.indices.map(plan.digest(of:))), in: plan, named: schema.schema.name, as: schema.element,
        isPublished: false, joint: joint, terms, store: { () throws(PromptCacheError) in store }, with: sharing,
        describing: { index throws(StoreError) in try self.record(of: index, in: plan, schema: schema.schema.name) }
      ) { lookup throws(PromptCacheError) in
        missing = try JointWork(plan, beside: schemas, lookup)
        return missing.states
      }
      // Also what others have made meanwhile, or the remote store had.
      try describe(jointWork(plan, beside: schemas, schema.element).undescribed, in: plan, of: schema, lookup, store)
    }
    let lookup = try lookup(schema.element).withoutSnapshot
    sharing?.complete(plan.indices.map { lookup.key(of: plan.digest(of: $0)) })
    return JointReport(
      combinations: plan.combinations, StateCounts(ensured), seconds: (clock.now - start).inSeconds)
  }

  /// The store, made if there is none.
  private func readableStore() throws(PromptCacheError) -> StateStore {
    if let store = try sessionStore.readable() { return store }
    return try storeForStates()
  }

  /// Says that garbage collection is to leave what is about to be used of a plan, and what is written and not described yet.
  func jointLeases(
    _ plan: JointPlan, _ lookup: StateLookup, _ store: StateStore
  ) throws(PromptCacheError) -> [Lease] {
    try withStoreErrors { () throws(StoreError) in
      var leases = [try store.leaseForWarming()]
      for index in plan.indices { leases.append(try store.lease(joint: lookup.key(of: plan.digest(of: index)))) }
      return leases
    }
  }

  /// What `makeJoint` would do once the schema is warmed. Nothing is computed, and nothing written.
  ///
  /// - Parameters:
  ///   - prompts: compiled for `schema`.
  ///   - schema: how the states would be kept.
  ///   - asksRemote: whether the remote store is asked what it has; if not, all is computed that is not here.
  /// - Throws: `PromptCacheError` for the store's failures.
  public func forecastJoint(
    for prompts: [PlannedPrompt], of schema: WarmedSchema, askingRemote asksRemote: Bool = false
  ) throws(PromptCacheError) -> JointReport {
    var found: [PlannedPrompt] = []
    for prompt in prompts { found.append(try findDocuments(for: prompt, of: schema)) }
    let plan = JointPlan(of: found.map(\.layout), on: found.map(\.schema.plan.layout))
    let promised = ([schema.schema] + found.map(\.schema)).reduce(into: Set()) { $0.formUnion($1.storedDigests) }
    let lookup = try lookup(schema.element)
    let missing = try MissingStates(of: plan, promised: promised, lookup)
    var counts = StateCounts(missing)
    let joint = found.reduce(into: Set()) { $0.formUnion($1.jointDigests) }
    if asksRemote, let remote = remote?.with(joint: joint, lookup) {
      let there = remote.sizes(of: missing.order.map(plan.digest(of:)), lookup)
      let left = try MissingStates(of: plan, promised: promised.union(there.keys), lookup)
      counts.fetch(all: there, leaving: StateCounts(left))
    }
    return JointReport(combinations: plan.combinations, counts, seconds: 0)
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

  func jointWork(
    _ plan: JointPlan, beside schemas: [PlannedSchema], _ element: KVElement
  ) throws(PromptCacheError) -> JointWork {
    try JointWork(plan, beside: schemas, try lookup(element))
  }

  private func record(
    of index: Int, in plan: JointPlan, schema: String
  ) throws(StoreError) -> JointRecord {
    try JointRecord(
      depth: plan.depth(of: index), position: plan.start(of: index), tokens: plan.tokenCount(of: index),
      previous: plan.previous(of: index).map(plan.digest(of:)), schema: schema, label: plan.label(of: index))
  }

  /// Records that encodings which were there already are joint ones as well.
  func describe(
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
struct JointWork {
  let states: MissingStates
  /// Those that are there, but of which no record says what they are.
  let undescribed: [Int]

  var isDone: Bool { states.order.isEmpty && undescribed.isEmpty }

  /// - Parameter schemas: the schema, and the same with the documents that prompts import.
  init(_ plan: JointPlan, beside schemas: [PlannedSchema], _ lookup: StateLookup) throws(PromptCacheError) {
    states = try MissingStates(of: plan, lookup)
    let missing = Set(states.order)
    let unrecorded = try withStoreErrors { () throws(StoreError) in
      var unrecorded: [Int] = []
      for index in plan.indices where !missing.contains(index) {
        let record = try lookup.snapshot?.joint(lookup.key(of: plan.digest(of: index)))
        if record?.schema != schemas.first?.name { unrecorded.append(index) }
      }
      return unrecorded
    }
    undescribed = unrecorded.isEmpty ? [] : unrecorded.filter(plan.combined(beside: schemas).contains)
  }
}

extension JointPlan {
  /// The encodings of chains that are combinations to tell of: not those of which versions of the schema have all. This
  /// goes through the whole schema.
  fileprivate func combined(beside schemas: [PlannedSchema]) -> Set<Int> {
    let plain = schemas.reduce(into: Set()) { $0.formUnion($1.storedDigests) }
    var combined: Set<Int> = []
    for index in indices.reversed() where combined.contains(index) || !plain.contains(digest(of: index)) {
      combined.insert(index)
      if let previous = previous(of: index) { combined.insert(previous) }
    }
    return combined
  }
}
