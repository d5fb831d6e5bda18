internal import ContentHash
internal import PMLCompiler

/// What a store lacks of a plan.
struct MissingStates {
  /// Encodings that are in the store, or equal one that is computed.
  private(set) var reused = 0
  /// Encodings to compute and keep.
  private(set) var computed = 0
  /// Tokens of those.
  private(set) var tokens = 0
  /// Bytes of their states.
  private(set) var bytes = 0
  /// Indices of the encodings to compute, placeholders among them, each after what it sees.
  let order: [Int]
  /// What is wanted and what it is computed from. None of these may be removed to make room for the others.
  let involved: Set<SHA256Digest>

  /// Finds what is missing of `wanted`, indices of encodings in the plan, and of what these see.
  ///
  /// - Parameter promised: digests of encodings that will be there.
  init(
    of wanted: [Int], in plan: EncodingPlan, promised: Set<SHA256Digest> = [], _ lookup: StateLookup
  ) throws(PromptCacheError) {
    let wanted = wanted.filter { plan.encodings[$0].isStored }
    var inStore: [SHA256Digest: Bool] = [:]
    order = try plan.computation(of: wanted) { encoding throws(PromptCacheError) in
      if let isPresent = inStore[encoding.digest] { return !isPresent }
      let isPresent =
        promised.contains(encoding.digest)
        ? true : try lookup.contains(encoding.digest, tokens: plan.tokenCount(of: encoding))
      inStore[encoding.digest] = isPresent
      return !isPresent
    }
    let seen = order.flatMap { plan.context(of: plan.encodings[$0]).map(\.encoding) }
    involved = Set((wanted + order + seen).map { plan.encodings[$0].digest })
    var planned: Set<SHA256Digest> = []
    for encoding in order.map({ plan.encodings[$0] }) where encoding.isStored {
      planned.insert(encoding.digest)
      computed += 1
      tokens += plan.tokenCount(of: encoding)
      bytes += lookup.layout(tokens: plan.tokenCount(of: encoding)).byteCount
    }
    // A scaffold's first module sees there what it sees without: one segment in one context, however often listed.
    var counted: Set<Identity> = []
    for encoding in wanted.map({ plan.encodings[$0] })
    where encoding.isStored && counted.insert(Identity(encoding)).inserted && planned.remove(encoding.digest) == nil {
      reused += 1
    }
  }

  /// Finds which joint encodings are missing.
  ///
  /// - Parameter promised: digests of encodings that will be there.
  init(of plan: some JointGraph, promised: Set<SHA256Digest> = [], _ lookup: StateLookup) throws(PromptCacheError) {
    var order: [Int] = []
    for index in plan.indices where !promised.contains(plan.digest(of: index)) {
      let isPresent = try lookup.contains(plan.digest(of: index), tokens: plan.tokenCount(of: index))
      if !isPresent { order.append(index) }
    }
    self.order = order
    involved = Set(plan.indices.map(plan.digest(of:)))
    computed = order.count
    reused = plan.indices.count - order.count
    for index in order {
      tokens += plan.tokenCount(of: index)
      bytes += lookup.layout(tokens: plan.tokenCount(of: index)).byteCount
    }
  }

  /// One segment in one context.
  private struct Identity: Hashable {
    let item: SchemaLayout.Item
    let digest: SHA256Digest

    init(_ encoding: EncodingPlan.Encoding) {
      item = encoding.item
      digest = encoding.digest
    }
  }
}
