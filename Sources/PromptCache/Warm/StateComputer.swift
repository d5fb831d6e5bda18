internal import ContentHash
internal import Engine
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

  /// Bytes after which computed states are committed, so that little is lost with a killed process.
  private static let commitBytes = 32 << 20
  /// The same in time.
  private static let commitInterval = Duration.milliseconds(500)

  /// Tokens computed in one pass, above which another segment is left to the next one.
  private static let passTokens = 1024

  /// Computes what `work` lists and commits it.
  ///
  /// - Parameter progress: called after each pass with the number of kept tokens done.
  func perform(_ work: MissingStates, progress: (Int) -> Void) throws(PromptCacheError) {
    let clock = ContinuousClock()
    let kept = Set(work.involved.map { EncodingKey(model: model, element: element, encoding: $0) })
    var states = try StatesInUse(lookup: lookup())
    var pending: [(encoding: Int, states: KVSegment)] = []
    var pendingBytes = 0
    var lastCommit = clock.now
    var tokensDone = 0

    var remaining = work.order[...]
    while !remaining.isEmpty {
      let pass = nextPass(of: &remaining)
      for (encoding, computed) in zip(pass, try compute(pass, states: &states)) {
        let segment = try withEngineErrors { () throws(EngineError) in try computed.segment(element: element) }
        states.keep(segment, of: encoding, in: graph)
        guard graph.isStored(encoding) else { continue }
        pending.append((encoding, segment))
        pendingBytes += segment.layout.byteCount
        tokensDone += computed.tokens
      }
      if pendingBytes >= Self.commitBytes || clock.now - lastCommit >= Self.commitInterval {
        try commit(pending, keys: states.lookup, keeping: kept)
        pending = []
        pendingBytes = 0
        // From here on what was committed is read from the map, and the previous snapshot frees its pages.
        states.renew(lookup: try lookup())
        lastCommit = clock.now
      }
      progress(tokensDone)
    }
    try commit(pending, keys: states.lookup, keeping: kept)
  }

  /// Takes the encodings of the next pass off the front: none of them sees another one of them.
  private func nextPass(of remaining: inout ArraySlice<Int>) -> [Int] {
    var pass: [Int] = []
    var members: Set<SHA256Digest> = []
    var tokens = 0
    while let encoding = remaining.first {
      tokens += graph.tokenCount(of: encoding)
      guard pass.isEmpty || tokens <= Self.passTokens else { break }
      guard !graph.context(of: encoding).contains(where: { members.contains(graph.digest(of: $0.encoding)) })
      else { break }
      members.insert(graph.digest(of: encoding))
      pass.append(encoding)
      remaining.removeFirst()
    }
    return pass
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

/// Segments that encodings of one run see: new ones in memory, others in a snapshot.
private struct StatesInUse {
  private(set) var lookup: StateLookup
  private var kept: [SHA256Digest: KVSegment] = [:]
  private var placeholders: [SHA256Digest: KVSegment] = [:]

  init(lookup: StateLookup) { self.lookup = lookup }

  mutating func keep(_ segment: KVSegment, of encoding: Int, in graph: some EncodingGraph) {
    let digest = graph.digest(of: encoding)
    if graph.isStored(encoding) { kept[digest] = segment } else { placeholders[digest] = segment }
  }

  mutating func segment(of encoding: Int, in graph: some EncodingGraph) throws(PromptCacheError) -> KVSegment {
    let digest = graph.digest(of: encoding)
    if let segment = kept[digest] ?? placeholders[digest] { return segment }
    guard let segment = try lookup.segment(digest, tokens: graph.tokenCount(of: encoding)) else {
      throw .stateRemoved
    }
    kept[digest] = segment
    return segment
  }

  mutating func renew(lookup: StateLookup) {
    self.lookup = lookup
    kept = [:]
  }
}
