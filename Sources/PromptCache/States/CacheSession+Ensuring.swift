internal import ContentHash
internal import KVCacheFormat
internal import PMLCompiler
internal import Store

/// Where the states of encodings came from.
struct EnsuredStates {
  /// Encodings that were in the store, or equal one that was made.
  var reused = 0
  /// Those that came from the remote store; `nil` where there is none.
  var fetched: Int?
  /// Bytes of their objects.
  var fetchedByteCount = 0
  /// Those that were computed here.
  var computed = ComputedStates()
}

extension CacheSession {
  /// Makes sure that the store has encodings: what it lacks comes from the remote store, if there is one that has it, and
  /// else is computed. The one way to states, for whoever needs some.
  ///
  /// - Parameters:
  ///   - wanted: digests of what is asked for. What only the computation of others sees is fetched if one is computed.
  ///   - graph: what they are computed from.
  ///   - name: the schema's name, for those who watch.
  ///   - element: their KV format.
  ///   - isPublished: whether they are those of a version that may be the remote store's, so that they should be there.
  ///   - terms: how they are computed.
  ///   - store: the store, to be written to; asked for only where something is missing.
  ///   - joint: digests of those that no version names.
  ///   - fellows: others who may be computing the same.
  ///   - work: what it is a part of, for those who watch.
  ///   - description: what to record of an encoding besides its states.
  ///   - find: finds what is missing. It is asked again whenever something has come.
  /// - Throws: `PromptCacheError` for the engine's and the store's failures. What is wrong with the remote store is none.
  @discardableResult
  func ensure(
    _ wanted: Set<SHA256Digest>, in graph: some EncodingGraph, named name: String, as element: KVElement,
    isPublished: Bool, joint: Set<SHA256Digest> = [], _ terms: EncodingTerms,
    store: () throws(PromptCacheError) -> StateStore,
    with fellows: (any EncodingFellows)? = nil, within work: LargerWork? = nil,
    describing description: @escaping (Int) throws(StoreError) -> JointRecord? = { _ in nil },
    _ find: (StateLookup) throws(PromptCacheError) -> MissingStates
  ) throws(PromptCacheError) -> EnsuredStates {
    // No snapshot is held while others write: it would keep what they free.
    var missing = try find(try lookup(element))
    var ensured = EnsuredStates(reused: missing.reused, fetched: remote == nil ? nil : 0)
    guard !missing.order.isEmpty else { return ensured }
    let store = try store()
    if let remote = try remote?.with(joint: joint, lookup(element).withoutSnapshot) {
      var asked: Set<SHA256Digest> = []
      // First what is wanted; what that is computed from only if some of it does not come.
      for isWantedAlone in [true, false] {
        let indices = missing.order.filter { index in
          let digest = graph.digest(of: index)
          return graph.isStored(index) && (!isWantedAlone || wanted.contains(digest)) && asked.insert(digest).inserted
        }
        guard !indices.isEmpty else { continue }
        var byteCount = 0
        let came = try remote.fetch(
          indices, in: graph, try lookup(element).withoutSnapshot, into: store, keeping: missing.involved,
          isNamed: isPublished
        ) { [progress] done, bytes in
          byteCount = bytes
          progress(.fetchingStates(schema: name, done: done, total: indices.count, byteCount: bytes))
        }
        if came == 0 { continue }
        progress(.ended)
        ensured.fetched = (ensured.fetched ?? 0) + came
        ensured.fetchedByteCount += byteCount
        missing = try find(try lookup(element))
        guard !missing.order.isEmpty else { return ensured }
      }
    }
    ensured.computed = try compute(
      missing, in: graph, named: name, as: element, store: store, terms, with: fellows, within: work,
      describing: description)
    return ensured
  }

  /// Computes and keeps encodings.
  @discardableResult
  func compute(
    _ missing: MissingStates, in graph: some EncodingGraph, named name: String, as element: KVElement,
    store: StateStore, _ terms: EncodingTerms, with fellows: (any EncodingFellows)? = nil,
    within work: LargerWork? = nil,
    describing description: @escaping (Int) throws(StoreError) -> JointRecord?
  ) throws(PromptCacheError) -> ComputedStates {
    guard !missing.order.isEmpty else { return ComputedStates() }
    let computer = StateComputer(
      graph: graph, worker: try worker(terms.place), store: store, model: try fingerprint, files: model.files,
      element: element, description: description, fellows: fellows)
    defer { progress(.ended) }
    let work =
      work ?? LargerWork(tokens: missing.tokens, done: 0, encodings: missing.computed, encodingsDone: 0, start: .now)
    func done(_ tokens: Int, _ encodings: Int) -> WarmProgress {
      WarmProgress(
        tokensDone: work.done + tokens, tokensTotal: work.tokens, encodingsDone: work.encodingsDone + encodings,
        encodingsTotal: work.encodings, seconds: (ContinuousClock.now - work.start).inSeconds)
    }
    terms.progress(done(0, 0))
    return try computer.perform(missing) { tokensDone, encodingsDone in
      let done = done(tokensDone, encodingsDone)
      progress(.computingStates(schema: name, done))
      terms.progress(done)
    }
  }
}

/// What computing some encodings is a part of.
struct LargerWork {
  /// Tokens of all of it.
  let tokens: Int
  /// Tokens that were computed before.
  let done: Int
  /// Encodings of all of it.
  let encodings: Int
  /// How many of these were computed before.
  let encodingsDone: Int
  /// When it began.
  let start: ContinuousClock.Instant
}
