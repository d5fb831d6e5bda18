internal import ContentHash
internal import Engine
internal import Glibc
internal import KVCacheFormat
internal import PMLCompiler
internal import Store

/// Computes encodings that a store lacks, each in its context, and puts them there.
///
/// States are converted to the KV format once: what other encodings see is what the store gets.
///
/// A context is always read as it is stored, whether it was computed long ago or just before, and the engine's states do
/// not depend on what they are computed beside, so that a run that was interrupted and taken up again ends in the same
/// bytes as one that was not.
struct StateComputer {
  let graph: any EncodingGraph
  let worker: EncodingWorker
  let store: StateStore
  let model: SHA256Digest
  /// The model's files: what was computed from one that changed meanwhile is not kept.
  let files: any ModelFiles
  let element: KVElement
  /// What to record of an encoding besides its states.
  let description: (Int) throws(StoreError) -> JointRecord?
  /// Others who may be computing the same on other machines.
  let fellows: (any EncodingFellows)?

  /// Bytes after which computed states are committed, so that little is lost with a killed process.
  private static let commitBytes = 32 << 20
  /// The same in time.
  private static let commitInterval = Duration.milliseconds(500)

  /// Tokens computed in one pass, above which another segment is left to the next one.
  private static let passTokens = 1024

  /// How long others who compute an encoding are waited for while nothing comes of it.
  private static let patience = Duration.seconds(30)

  /// How often others are asked for what they are computing.
  private static let askingInterval = Duration.milliseconds(300)

  /// Computes what `work` lists and commits it. What somebody else is computing meanwhile is left to them, and what they
  /// have committed is not computed again.
  ///
  /// - Parameter progress: called after each pass with the numbers of kept tokens and of encodings done.
  /// - Returns: what was computed here.
  @discardableResult
  func perform(_ work: MissingStates, progress: (Int, Int) -> Void) throws(PromptCacheError) -> ComputedStates {
    let clock = ContinuousClock()
    let accepts = RemotePart.acceptance(
      of: fellows == nil ? [] : work.order.filter(graph.isStored), in: graph, try lookup())
    let kept = Set(work.involved.map { EncodingKey(model: model, element: element, encoding: $0) })
    var states = try StatesInUse(lookup: lookup())
    var result = ComputedStates()
    var pending: [(encoding: Int, states: KVSegment)] = []
    var pendingBytes = 0
    var claims: [StateStore.EncodingClaim] = []
    var lastCommit = clock.now
    var lastChange = clock.now
    // What other machines are computing, and when they were last asked for it.
    var elsewhere: Set<EncodingKey> = []
    var lastAsked = clock.now
    var tokensDone = 0
    var encodingsDone = 0

    func commitPending() throws(PromptCacheError) {
      try commit(pending, keys: states.lookup, keeping: kept)
      fellows?.add(pending.map { states.lookup.key(of: graph.digest(of: $0.encoding)) })
      (pending, pendingBytes, claims) = ([], 0, [])
      // From here on what was committed is read from the map, and the previous snapshot frees its pages.
      states.renew(lookup: try lookup())
      lastCommit = clock.now
    }

    var queue = EncodingQueue(work.order, in: graph)
    while !queue.isEmpty {
      let waitsForNobody = clock.now - lastChange > Self.patience
      var claimed: [Int: StateStore.EncodingClaim] = [:]
      var candidates = try queue.next(tokens: Self.passTokens) { encoding throws(PromptCacheError) in
        guard graph.isStored(encoding), !waitsForNobody else { return true }
        let key = states.lookup.key(of: graph.digest(of: encoding))
        guard !elsewhere.contains(key) else { return false }
        claimed[encoding] = try withStoreErrors { () throws(StoreError) in try store.claim(key) }
        return claimed[encoding] != nil
      }
      if let fellows, !waitsForNobody {
        let keys = candidates.filter(graph.isStored).map { states.lookup.key(of: graph.digest(of: $0)) }
        let taken = fellows.claim(keys)
        // Whoever had a claim before may have put what came of it.
        try fellows.bring(Array(taken), accepting: accepts)
        elsewhere.formUnion(keys.filter { !taken.contains($0) })
        candidates.removeAll { graph.isStored($0) && elsewhere.contains(states.lookup.key(of: graph.digest(of: $0))) }
      }
      // Whoever had the claim before may have committed: so the look comes behind the claim.
      let newest = try states.newest { () throws(PromptCacheError) in try lookup() }
      var (pass, found): ([Int], [Int]) = ([], [])
      for encoding in candidates {
        guard graph.isStored(encoding) else {
          pass.append(encoding)
          continue
        }
        let isThere = try newest.contains(graph.digest(of: encoding), tokens: graph.tokenCount(of: encoding))
        if isThere { found.append(encoding) } else { pass.append(encoding) }
      }
      tokensDone += found.reduce(0) { $0 + graph.tokenCount(of: $1) }
      encodingsDone += found.count
      claims += pass.compactMap { claimed[$0] }
      claimed = [:]
      queue.remove(found)
      if candidates.isEmpty {
        // They may be waiting for what is not committed here.
        if !pending.isEmpty { try commitPending() }
        guard !Task.isCancelled else { throw .cancelled }
        usleep(10_000)
        if let fellows, !elsewhere.isEmpty, clock.now - lastAsked > Self.askingInterval {
          try fellows.bring(Array(elsewhere), accepting: accepts)
          // What came is found; for the rest the claims are tried again.
          elsewhere = []
          lastAsked = clock.now
        }
        continue
      }
      lastChange = clock.now
      if pass.isEmpty { continue }
      for (encoding, computed) in zip(pass, try compute(pass, states: &states)) {
        let segment = try withEngineErrors { () throws(EngineError) in try computed.segment(element: element) }
        states.keep(segment, of: encoding, in: graph)
        guard graph.isStored(encoding) else { continue }
        pending.append((encoding, segment))
        pendingBytes += segment.layout.byteCount
        tokensDone += computed.tokens
        encodingsDone += 1
        result.encodings += 1
        result.tokens += computed.tokens
        result.byteCount += segment.layout.byteCount
      }
      queue.remove(pass)
      if pendingBytes >= Self.commitBytes || clock.now - lastCommit >= Self.commitInterval { try commitPending() }
      progress(tokensDone, encodingsDone)
    }
    if !pending.isEmpty { try commitPending() }
    progress(tokensDone, encodingsDone)
    return result
  }

  /// The store as it is now.
  func lookup() throws(PromptCacheError) -> StateLookup {
    let snapshot = try withStoreErrors { () throws(StoreError) in try store.snapshot() }
    return StateLookup(
      snapshot: snapshot, model: model, element: element, layers: worker.engine.configuration.kvLayers)
  }

  private func compute(_ pass: [Int], states: inout StatesInUse) throws(PromptCacheError) -> [SegmentStates] {
    var inputs: [InferenceEngine.Encoding] = []
    for encoding in pass {
      var context: [AttendedSegment] = []
      for entry in graph.context(of: encoding) {
        let segment = try states.segment(of: entry.encoding, in: graph)
        context.append(AttendedSegment(segment, place: entry.place, encodedAt: graph.start(of: entry.encoding)))
      }
      let (tokens, start) = (graph.tokens(of: encoding), graph.start(of: encoding))
      inputs.append(
        InferenceEngine.Encoding(
          tokens: tokens, positions: tokens.indices.map { Int32(start + $0) }, context: context,
          isExtended: graph.isExtended))
    }
    return try worker.states(of: inputs, renewing: states.lookup.snapshot)
  }

  private func commit(
    _ computed: [(encoding: Int, states: KVSegment)], keys: StateLookup,
    keeping kept: Set<EncodingKey>
  ) throws(PromptCacheError) {
    guard !computed.isEmpty else { return }
    try withEngineErrors { () throws(EngineError) in try files.checkUnchanged() }
    try withStoreErrors { () throws(StoreError) in
      var byteCount = 0
      for (_, states) in computed { byteCount += try store.byteCountOnDisk(of: states.layout) }
      try store.write(makingRoomFor: byteCount, keeping: kept, renewing: keys.snapshot) { batch throws(StoreError) in
        for (encoding, states) in computed {
          let key = keys.key(of: graph.digest(of: encoding))
          for (layer, layout) in states.layout.blobs.enumerated() {
            try batch.put(BlobKey(key, layer: layer), layout: layout) { destination in
              states.copy(layer: layer, into: &destination)
            }
          }
          if let joint = try description(encoding) { try batch.setJoint(key, joint) }
        }
      }
    }
  }
}

/// What was computed of encodings that were missing; others may have made the rest meanwhile.
struct ComputedStates {
  /// Encodings that were computed and kept.
  var encodings = 0
  /// Their tokens.
  var tokens = 0
  /// Bytes of their states.
  var byteCount = 0
}

/// Segments that encodings of one run see: new ones in memory, others in a snapshot.
private struct StatesInUse {
  private(set) var lookup: StateLookup
  /// A later state of the store, which may have what others have made meanwhile, where the other cannot move on to it.
  private var later: StateLookup?
  private var kept: [SHA256Digest: KVSegment] = [:]
  private var placeholders: [SHA256Digest: KVSegment] = [:]

  init(lookup: StateLookup) { self.lookup = lookup }

  /// The store as it is now. One snapshot does for all, so that what goes meanwhile can be used again; `open` makes another
  /// where something that the first one lent is gone.
  mutating func newest(
    _ open: () throws(PromptCacheError) -> StateLookup
  ) throws(PromptCacheError) -> StateLookup {
    let snapshot = lookup.snapshot
    let isNewest = try withStoreErrors { () throws(StoreError) in try snapshot?.renew() ?? true }
    later = isNewest ? nil : try open()
    return later ?? lookup
  }

  mutating func keep(_ segment: KVSegment, of encoding: Int, in graph: some EncodingGraph) {
    let digest = graph.digest(of: encoding)
    if graph.isStored(encoding) { kept[digest] = segment } else { placeholders[digest] = segment }
  }

  mutating func segment(of encoding: Int, in graph: some EncodingGraph) throws(PromptCacheError) -> KVSegment {
    let digest = graph.digest(of: encoding)
    if let segment = kept[digest] ?? placeholders[digest] { return segment }
    let tokens = graph.tokenCount(of: encoding)
    var found = try lookup.segment(digest, tokens: tokens)
    if found == nil { found = try later?.segment(digest, tokens: tokens) }
    guard let segment = found else { throw .stateRemoved }
    kept[digest] = segment
    return segment
  }

  mutating func renew(lookup: StateLookup) {
    (self.lookup, later) = (lookup, nil)
    kept = [:]
  }
}
