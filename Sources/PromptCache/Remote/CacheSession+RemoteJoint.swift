internal import ContentHash
internal import Engine
internal import KVCacheFormat
internal import PMLCompiler
internal import Store

extension CacheSession {
  /// Brings what the remote store has of a prompt's joint encodings and the local one lacks, from the front on.
  ///
  /// The first one that is missing here is asked for alone: most prompts have none there, and that it has none is remembered
  /// for a minute.
  ///
  /// - Parameter covered: number of encodings at the front of the chain that are here.
  /// - Throws: the local store's failures, but for those of a store that takes nothing more, which a warning says: there are
  ///   other states to answer from.
  func bringJoint(
    for prompt: PlannedPrompt, of schema: WarmedSchema, behind covered: Int
  ) throws(PromptCacheError) {
    let lookup = try lookup(schema.element)
    let joint = prompt.jointDigests
    guard let remote = remote?.with(joint: joint, lookup), remote.store.isUsable else { return }
    let plan = JointPlan(of: [prompt.layout], on: [prompt.schema.plan.layout])
    var missing: [Int] = []
    for index in plan.indices.dropFirst(covered) {
      let isThere = try lookup.contains(plan.digest(of: index), tokens: plan.tokenCount(of: index))
      if !isThere { missing.append(index) }
    }
    guard let first = missing.first(where: { joint.contains(plan.digest(of: $0)) }) else { return }
    let object = remote.names.states(lookup.key(of: plan.digest(of: first)))
    guard !remote.store.isKnownToLack(object) else { return }
    do throws(PromptCacheError) {
      let store = try sessionStore.writable()
      let leases = try jointLeases(plan, lookup, store)
      defer { withExtendedLifetime(leases) {} }
      let names = lookup.withoutSnapshot
      let kept = Set(plan.indices.map(plan.digest(of:)))
      for part in [[first], missing.filter { $0 != first }] {
        let came = try remote.fetch(part, in: plan, names, into: store, keeping: kept, isNamed: false)
        guard came > 0 else {
          if part == [first] { remote.store.noteLack(of: object) }
          break
        }
      }
      try describe(
        try jointWork(plan, beside: [schema.schema, prompt.schema], schema.element).undescribed, in: plan, of: schema,
        lookup, store)
    } catch {
      switch error {
      case .store(.readOnly), .store(.diskFull), .store(.storeFull):
        remote.store.note(.notKept(problem: error.message))
      default: throw error
      }
    }
  }
}

extension PlannedPrompt {
  /// The digests of its chain that are none of its schema's encodings at the same place.
  var jointDigests: Set<SHA256Digest> {
    Set(
      zip(layout.chain.digests, layout.parts).lazy
        .filter { digest, part in part.encoding.map { self.schema.plan.digest(of: $0) } != digest }
        .map(\.0))
  }
}
