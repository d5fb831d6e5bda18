internal import ContentHash
internal import PMLCompiler

/// What of a plan a store lacks.
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
  private(set) var order: [Int] = []

  /// Finds what is missing of `wanted`, indices of encodings in the plan, and of what these see.
  init(of wanted: some Sequence<Int>, in lookup: StateLookup) throws(PromptCacheError) {
    let encodings = lookup.plan.encodings
    var isWanted = [Bool](repeating: false, count: encodings.count)
    for index in wanted where encodings[index].isStored { isWanted[index] = true }

    // What an encoding sees comes before it, so that one pass backwards reaches all.
    var isMissing = isWanted
    var inStore: [SHA256Digest: Bool] = [:]
    for (index, encoding) in encodings.enumerated().reversed() where isWanted[index] {
      if encoding.isStored {
        let isPresent = if let known = inStore[encoding.digest] { known } else { try lookup.contains(encoding) }
        inStore[encoding.digest] = isPresent
        isMissing[index] = !isPresent
        if isPresent { continue }
      } else {
        isMissing[index] = true
      }
      for entry in lookup.plan.context(of: encoding) { isWanted[entry.encoding] = true }
    }

    var planned: Set<SHA256Digest> = []
    for (index, encoding) in encodings.enumerated() where isWanted[index] {
      let isNew = isMissing[index] && planned.insert(encoding.digest).inserted
      if isNew { order.append(index) }
      guard encoding.isStored else { continue }
      guard isNew else {
        reused += 1
        continue
      }
      computed += 1
      tokens += lookup.plan.tokenCount(of: encoding)
      bytes += lookup.byteCount(of: encoding)
    }
  }
}
