internal import ContentHash
internal import Engine
public import KVCacheFormat
public import PMLCompiler
internal import Store

// Beginnings of conversations without PML in the store: a chain of joint encodings, one for each part of a message.
extension CacheSession {
  /// A conversation, written by the model's own chat template, with the states that the store has of its beginning.
  ///
  /// Where a part of a message asks for it, the states up to its end are computed as far as they are missing, and kept, before
  /// this returns: so a later conversation that begins alike finds them, whoever asks for it, also after a restart. They are
  /// those of plain inference, in the KV format that they are kept in. Garbage collection treats them as other joint
  /// encodings: where there is a limit they go first, the least recently used first.
  ///
  /// - Parameters:
  ///   - messages: in order, one or more.
  ///   - element: how states are kept, and in which format they are looked for.
  /// - Throws: `PromptCacheError.conversation` for a conversation that the template refuses; `.promptTooLong`; `.store`, or
  ///   `.noStore`, where states are to be kept and cannot be; `.engine`.
  public func conversation(
    _ messages: [ChatMessage], as element: KVElement = .f16
  ) throws(PromptCacheError) -> ReadyPrompt {
    try conversation(messages, as: element, EncodingTerms())
  }

  /// The same on other terms.
  func conversation(
    _ messages: [ChatMessage], as element: KVElement, _ terms: EncodingTerms
  ) throws(PromptCacheError) -> ReadyPrompt {
    let chain = try model.chain(of: messages)
    let plain = try ReadyPrompt(tokens: chain.tokens, for: model)
    if chain.keptCount > 0 { try keep(chain.prefix(chain.keptCount), as: element, terms) }
    guard !chain.indices.isEmpty, try sessionStore.readable() != nil else { return plain }
    let lookup = try lookup(element)
    var states: [StoredStates] = []
    for index in chain.indices {
      guard let segment = try segment(of: index, in: chain, lookup) else { break }
      states.append(
        StoredStates(
          key: lookup.key(of: chain.digest(of: index)), segment: segment, encodedAt: chain.start(of: index),
          isExact: true))
    }
    guard !states.isEmpty else { return plain }
    let lease = try lookup.lease(joint: chain.digest(of: states.count - 1))
    return ReadyPrompt(of: chain, states: states, snapshot: lookup.snapshot, lease: lease)
  }

  /// The states of a piece; `nil` if they are not there, or damaged: then they are computed.
  private func segment(
    of index: Int, in chain: ConversationChain, _ lookup: StateLookup
  ) throws(PromptCacheError) -> KVSegment? {
    do throws(PromptCacheError) {
      return try lookup.segment(chain.digest(of: index), tokens: chain.tokenCount(of: index))
    } catch {
      guard case .store(.unusableBlob) = error else { throw error }
      progress(.jointEncodingDamaged(schema: JointRecord.conversation, because: error))
      return nil
    }
  }

  /// Computes and keeps the pieces of a chain that the store lacks.
  private func keep(
    _ chain: ConversationChain, as element: KVElement, _ terms: EncodingTerms
  ) throws(PromptCacheError) {
    if try sessionStore.readable() != nil, try ConversationWork(chain, try lookup(element)).isDone { return }
    let store = try storeForStates()
    let lookup = try lookup(element)
    let leases = try withStoreErrors { () throws(StoreError) in
      // Garbage collection leaves what this is about to use, and what it has written and not described yet.
      var leases = [try store.leaseForWarming()]
      for index in chain.indices { leases.append(try store.lease(joint: lookup.key(of: chain.digest(of: index)))) }
      return leases
    }
    defer { withExtendedLifetime(leases) {} }
    let work = try ConversationWork(chain, try self.lookup(element))
    try compute(work.states, in: chain, named: JointRecord.conversation, as: element, store: store, terms) {
      index throws(StoreError) in try chain.record(of: index)
    }
    guard !work.undescribed.isEmpty else { return }
    try withStoreErrors { () throws(StoreError) in
      try store.write { batch throws(StoreError) in
        for index in work.undescribed {
          try batch.setJoint(lookup.key(of: chain.digest(of: index)), chain.record(of: index))
        }
      }
    }
  }
}

/// What a store lacks of a conversation's chain.
private struct ConversationWork {
  let states: MissingStates
  /// Pieces that are there, but not as those of a conversation.
  let undescribed: [Int]

  var isDone: Bool { states.order.isEmpty && undescribed.isEmpty }

  init(_ chain: ConversationChain, _ lookup: StateLookup) throws(PromptCacheError) {
    states = try MissingStates(of: chain, lookup)
    let missing = Set(states.order)
    undescribed = try withStoreErrors { () throws(StoreError) in
      var undescribed: [Int] = []
      for index in chain.indices where !missing.contains(index) {
        let record = try lookup.snapshot?.joint(lookup.key(of: chain.digest(of: index)))
        if record?.isOfConversation != true { undescribed.append(index) }
      }
      return undescribed
    }
  }
}

extension ConversationChain {
  fileprivate func record(of index: Int) throws(StoreError) -> JointRecord {
    try JointRecord(
      depth: index, position: start(of: index), tokens: tokenCount(of: index),
      previous: previous(of: index).map(digest(of:)), schema: JointRecord.conversation, label: label(of: index))
  }
}
