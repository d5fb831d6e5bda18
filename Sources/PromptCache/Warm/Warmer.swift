public import ContentHash
public import Engine
public import KVCacheFormat
internal import PMLCompiler
public import Store

/// Brings a store up to date with schemas: computes the encodings that it lacks, then records a version.
public struct Warmer: Sendable {
  private let model: LoadedModel
  private let fingerprint: SHA256Digest
  private let store: StateStore
  private let element: KVElement

  /// A warmer for one model and KV format.
  ///
  /// - Parameter store: where states are kept.
  /// - Parameter model: the model that the states are for.
  /// - Parameter element: KV format of the states.
  /// - Parameter fingerprint: that of `model`.
  public init(model: LoadedModel, fingerprint: SHA256Digest, store: StateStore, element: KVElement) {
    self.model = model
    self.fingerprint = fingerprint
    self.store = store
    self.element = element
  }

  /// Computes what is missing and records a version, unless nothing changed since the newest one.
  ///
  /// May be stopped at any point: what was committed stays, and the next call goes on from there.
  ///
  /// - Parameter progress: told how far it is.
  /// - Parameter schema: the schema.
  /// - Parameter engine: asked for only if something has to be computed, since loading weights takes time.
  /// - Throws: `PromptCacheError` for the engine's and the store's failures.
  public func warm(
    _ schema: PlannedSchema, engine: () throws(PromptCacheError) -> InferenceEngine,
    progress: (WarmProgress) -> Void = { _ in }
  ) throws(PromptCacheError) -> WarmReport {
    let clock = ContinuousClock()
    let start = clock.now
    let lease = try withStoreErrors { () throws(StoreError) in try store.leaseForWarming() }
    defer { withExtendedLifetime(lease) {} }
    let missing = try ensureStates(of: schema, engine: engine, progress: progress)
    let version = try withStoreErrors { () throws(StoreError) in
      try store.write { batch throws(StoreError) in
        let kept = schema.storedEncodings
        return try batch.recordVersion(
          model: fingerprint, schema: schema.schema.name, hash: schema.hash, lowered: schema.compiled.encoded,
          element: element, encodings: kept.map(\.digest), labels: kept.map(\.label))
      }
    }
    return WarmReport(schema, missing, version: version.number, seconds: (clock.now - start).inSeconds)
  }

  /// Computes and keeps what is missing, all of it or what `wanted` encodings need, without recording a version.
  ///
  /// - Returns: what was missing.
  @discardableResult
  func ensureStates(
    of schema: PlannedSchema, wanted: [Int]? = nil, engine: () throws(PromptCacheError) -> InferenceEngine,
    progress: (WarmProgress) -> Void = { _ in }
  ) throws(PromptCacheError) -> MissingStates {
    let clock = ContinuousClock()
    let start = clock.now
    let missing = try missing(of: schema, wanted: wanted)
    guard !missing.order.isEmpty else { return missing }
    let computer = StateComputer(
      plan: schema.plan, engine: try engine(), store: store, model: fingerprint, element: element)
    try computer.perform(missing) { tokensDone in
      progress(
        WarmProgress(tokensDone: tokensDone, tokensTotal: missing.tokens, seconds: (clock.now - start).inSeconds))
    }
    return missing
  }

  private func missing(of schema: PlannedSchema, wanted: [Int]?) throws(PromptCacheError) -> MissingStates {
    let snapshot = try withStoreErrors { () throws(StoreError) in try store.snapshot() }
    let lookup = StateLookup(
      plan: schema.plan, snapshot: snapshot, model: fingerprint, element: element, shape: model.configuration.kvShape)
    return try MissingStates(of: wanted ?? Array(schema.plan.encodings.indices), in: lookup)
  }
}

extension WarmReport {
  /// What warming `schema` would do. Nothing is computed.
  ///
  /// - Parameter element: KV format of the states.
  /// - Parameter model: the model that the states are for.
  /// - Parameter fingerprint: identity of the model.
  /// - Parameter schema: the schema.
  /// - Parameter store: `nil` where there is none yet, so that all would have to be computed.
  public static func forecast(
    _ schema: PlannedSchema, model: LoadedModel, fingerprint: SHA256Digest, store: StateStore?, element: KVElement
  ) throws(PromptCacheError) -> WarmReport {
    let snapshot = try withStoreErrors { () throws(StoreError) in try store?.snapshot() }
    let lookup = StateLookup(
      plan: schema.plan, snapshot: snapshot, model: fingerprint, element: element, shape: model.configuration.kvShape)
    let missing = try MissingStates(of: Array(schema.plan.encodings.indices), in: lookup)
    return WarmReport(schema, missing, version: nil, seconds: 0)
  }
}

extension WarmReport {
  init(_ schema: PlannedSchema, _ missing: MissingStates, version: Int?, seconds: Double) {
    self.init(
      schema: schema.schema.name, version: version, hash: schema.hash,
      encodings: Encodings(reused: missing.reused, computed: missing.computed), tokensComputed: missing.tokens,
      bytesWritten: missing.bytes, seconds: seconds)
  }
}

extension Duration {
  /// The same in seconds.
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
