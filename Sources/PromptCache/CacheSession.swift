public import ContentHash
public import Engine
internal import FileSystem
public import KVCacheFormat
public import PMLCompiler
public import Store

/// A model's engine and a store, joined: answers prompts from cached states.
///
/// Sessions are values, and any number of tasks may use one at a time; passes take turns on the engine.
public struct CacheSession: Sendable {
  /// The model.
  public let model: LoadedModel
  /// Its weights.
  public let engine: InferenceEngine
  /// Where states are.
  public let store: StateStore
  /// Identity of the model in the store.
  public let fingerprint: SHA256Digest

  /// A session.
  ///
  /// - Parameter model: the model that the states are for.
  /// - Parameter store: where states are kept.
  /// - Parameter engine: the engine, for `model`.
  /// - Parameter fingerprint: that of `model`.
  public init(model: LoadedModel, engine: InferenceEngine, store: StateStore, fingerprint: SHA256Digest) {
    self.model = model
    self.engine = engine
    self.store = store
    self.fingerprint = fingerprint
  }

  /// A session with the store in the folder `path`, which is made if it is not there.
  ///
  /// - Parameters:
  ///   - model: the model that the states are for.
  ///   - path: the store's folder; made if it is missing.
  ///   - options: how the store is opened.
  ///   - threads: how many compute; all cores that the process may use if `nil`.
  /// - Throws: `PromptCacheError` for a model or a store that cannot be opened.
  public init(
    model: LoadedModel, storeAt path: String, options: StoreOptions = .init(), threads: Int? = nil
  ) throws(PromptCacheError) {
    // A model that cannot be loaded shall leave no store behind.
    try model.checkWeights()
    let store = try withStoreErrors { () throws(StoreError) in try StateStore(at: FilePath(path), options: options) }
    let fingerprint = try model.fingerprint(rememberedIn: store)
    let prepared = model.weights == .stored ? nil : try store.preparedWeights(for: fingerprint)
    let engine = try model.engine(threads: threads, prepared: prepared)
    self.init(model: model, engine: engine, store: store, fingerprint: fingerprint)
  }

  /// The answer to a prompt that was prepared, as it is made.
  ///
  /// - Parameter options: how tokens are chosen, and when the answer ends.
  /// - Parameter prompt: the prompt.
  /// - Parameter start: when the request began; the time to the first token counts from here.
  public func generate(
    from prompt: ReadyPrompt, options: GenerationOptions = .init(), start: ContinuousClock.Instant = .now
  ) -> Generation {
    Generation(to: prompt, model: model, engine: engine, options: options, start: start)
  }

  /// Finds the states that a prompt uses. They are read where they lie for as long as the result lives.
  ///
  /// - Throws: `PromptCacheError.statesMissing`; `.store` for damaged states.
  public func prepare(
    _ layout: PromptLayout, of schema: PlannedSchema, element: KVElement
  ) throws(PromptCacheError) -> ReadyPrompt {
    let snapshot = try withStoreErrors { () throws(StoreError) in try store.snapshot() }
    let lookup = StateLookup(
      plan: schema.plan, snapshot: snapshot, model: fingerprint, element: element, shape: engine.kvShape)
    var attended: [AttendedSegment] = []
    attended.reserveCapacity(layout.cached.count)
    for use in layout.cached {
      let encoding = schema.plan.encodings[use.encoding]
      guard let segment = try lookup.segment(encoding) else { throw .statesMissing(schema: schema.schema.name) }
      attended.append(AttendedSegment(segment, place: use.place, encodedAt: encoding.start, count: use.count))
    }
    return ReadyPrompt(layout, attended: attended, snapshot: snapshot)
  }

  /// Computes and keeps the states that a prompt needs and the store lacks, without recording a version.
  public func ensureStates(
    for layout: PromptLayout, of schema: PlannedSchema, element: KVElement
  ) throws(PromptCacheError) {
    let (engine, wanted) = (engine, layout.cached.map(\.encoding))
    try warmer(element).ensureStates(of: schema, wanted: wanted) { () throws(PromptCacheError) in engine }
  }

  /// Brings the store up to date with what this session computes.
  func warmer(_ element: KVElement) -> Warmer {
    Warmer(model: model, fingerprint: fingerprint, store: store, element: element)
  }
}

/// A schema as a store's version records it. The version stays in the store as long as this lives.
public struct WarmedSchema: Sendable {
  /// The schema.
  public let schema: PlannedSchema
  /// KV format of its states.
  public let element: KVElement
  /// Number of the version.
  public let version: Int
  /// Says to other processes that the version is in use, so that they do not free it.
  private let lease: Lease

  init(schema: PlannedSchema, element: KVElement, version: Int, lease: Lease) {
    self.schema = schema
    self.element = element
    self.version = version
    self.lease = lease
  }

  /// The newest version of the schema called `name`.
  ///
  /// - Parameter model: the model that the states are for.
  /// - Parameter fingerprint: identity of the model.
  /// - Parameter store: where states are kept.
  /// - Parameter name: the schema's name.
  /// - Parameter element: its KV format, any where it is `nil`.
  /// - Returns: `nil` if there is none.
  public init?(
    named name: String, element: KVElement?, for model: LoadedModel, fingerprint: SHA256Digest, in store: StateStore
  ) throws(PromptCacheError) {
    func newestVersion() throws(PromptCacheError) -> VersionRecord? {
      try withStoreErrors { () throws(StoreError) in
        try store.snapshot().versions(model: fingerprint, schema: name)
          .last { element == nil || $0.element == element }
      }
    }
    guard var newest = try newestVersion() else { return nil }
    // It may go, or have a successor, before it is leased.
    while true {
      let leased = newest.name
      let lease = try withStoreErrors { () throws(StoreError) in try store.lease(leased) }
      guard let found = try newestVersion() else { return nil }
      newest = found
      if newest.name == leased {
        self.lease = lease
        break
      }
    }
    schema = try PlannedSchema(of: newest, model: model)
    self.element = newest.element
    version = newest.number
  }
}
