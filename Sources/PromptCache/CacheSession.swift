public import ContentHash
public import Engine
public import FileSystem
internal import KVCacheFormat
public import Store

/// A model and a store of its states: the entry point to everything that this library does.
///
/// Open one, compile documents for its `model`, warm schemas, and read answers:
///
///     let session = try CacheSession(model: LoadedModel(at: nil), storeAt: "states")
///     let handbook = try session.warm(.read("handbook.pml"))
///     for try await event in try session.generate(from: .read("trip.pml"), of: handbook) { … }
///
/// Nothing is loaded or created before it is needed: weights are loaded when the first states or the first answer are
/// computed, and the store's folder is created when the first states are kept. Any number of tasks may use one session;
/// passes take turns on the engine.
public final class CacheSession: Sendable {
  /// The model.
  public let model: LoadedModel
  let sessionStore: SessionStore
  let progress: @Sendable (CacheProgress) -> Void
  /// The part of a remote store that the session's store is a cache of; `nil` where there is none.
  let remote: RemotePart?

  /// Full-text indexes that are open.
  let indexes = DocumentIndexes()

  private let runtime: ModelRuntime

  /// A session with the store in the folder `path`.
  ///
  /// An existing store is opened at once. A missing one is created when states are first kept, so that a model or a
  /// document that turns out to be unusable leaves no store behind.
  ///
  /// - Parameters:
  ///   - model: the model that the states are for.
  ///   - path: the store's folder.
  ///   - access: what the session may do with the store.
  ///   - options: how the store is opened; `access` decides about `readOnly`.
  ///   - remote: what the store is a cache of: what it lacks is fetched from there before anything is computed.
  ///   - threads: how many compute; all cores that the process may use if `nil`.
  ///   - shared: threads to compute on that the engines of other models compute on too, in place of its own.
  ///   - limits: how many answers are made at a time.
  ///   - progress: called while something takes long.
  /// - Throws: `PromptCacheError` for a store that cannot be opened and, if states may be computed, for weights that are
  ///   missing or of wrong shapes.
  public convenience init(
    model: LoadedModel, storeAt path: FilePath, access: StoreAccess = .writing, options: StoreOptions = .init(),
    remote: RemoteStore? = nil, threads: Int? = nil, on shared: ComputeThreads? = nil, limits: AnswerLimits = .init(),
    progress: @escaping @Sendable (CacheProgress) -> Void = { _ in }
  ) throws(PromptCacheError) {
    self.init(
      SessionStore(at: path, access: access, options: options),
      ModelRuntime(model: model, threads: threads, on: shared, limits: limits), progress,
      RemotePart(of: remote, namespace: options.namespace))
    if access == .writing { try model.checkWeights() }
    if access != .readingIfThere { _ = try sessionStore.readable() }
  }

  /// A session without a store: it computes every token of a prompt.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - threads: how many compute; all cores that the process may use if `nil`.
  ///   - limits: how many answers are made at a time.
  ///   - progress: called while something takes long.
  public convenience init(
    model: LoadedModel, threads: Int? = nil, limits: AnswerLimits = .init(),
    progress: @escaping @Sendable (CacheProgress) -> Void = { _ in }
  ) {
    self.init(
      SessionStore(at: nil, access: .readingIfThere, options: .init()),
      ModelRuntime(model: model, threads: threads, on: nil, limits: limits), progress, nil)
  }

  /// A session that computes with the same engine and scheduler as another one, on a store of its own: another tenant's
  /// part of the same store, or another folder.
  ///
  /// - Parameters:
  ///   - other: the session whose model it is.
  ///   - path: the store's folder.
  ///   - access: what the session may do with the store.
  ///   - options: how the store is opened; `access` decides about `readOnly`.
  ///   - remote: what the store is a cache of.
  /// - Throws: `PromptCacheError` for a store that cannot be opened.
  public convenience init(
    sharingModelOf other: CacheSession, storeAt path: FilePath, access: StoreAccess = .writing,
    options: StoreOptions = .init(), remote: RemoteStore? = nil
  ) throws(PromptCacheError) {
    self.init(
      SessionStore(at: path, access: access, options: options), other.runtime, other.progress,
      RemotePart(of: remote, namespace: options.namespace))
    if access != .readingIfThere { _ = try sessionStore.readable() }
  }

  private init(
    _ store: SessionStore, _ runtime: ModelRuntime, _ progress: @escaping @Sendable (CacheProgress) -> Void,
    _ remote: RemotePart?
  ) {
    model = runtime.model
    sessionStore = store
    self.runtime = runtime
    self.progress = progress
    self.remote = remote
  }

  /// The store, for inspection and maintenance.
  ///
  /// - Throws: `PromptCacheError.store` where there is none yet; `.noStore` in a session without one.
  public var store: StateStore {
    get throws(PromptCacheError) {
      if let store = try sessionStore.readable() { return store }
      guard let place = sessionStore.place else { throw .noStore }
      throw .store(.noStore(path: place.description))
    }
  }

  /// Whether the folder no longer holds the store that is open: it was removed, or another one took its place.
  public var isStoreReplaced: Bool { sessionStore.isReplaced }

  /// Identity of the model in the store: SHA-256 over what decides its states. Computed once; digests of files that are
  /// remembered in the store are not computed again.
  ///
  /// - Throws: `PromptCacheError.engine` for files that cannot be read; `.store`.
  public var fingerprint: SHA256Digest {
    get throws(PromptCacheError) {
      let store = try sessionStore.readable()
      return try runtime.fingerprint { () throws(PromptCacheError) in
        defer { progress(.ended) }
        return try model.fingerprint(rememberedIn: store) { [progress] done, total in
          progress(.readingModel(done: done, total: total))
        }
      }
    }
  }

  /// The engine with the model's weights, which the first call loads.
  ///
  /// - Throws: `PromptCacheError.engine`.
  public var engine: InferenceEngine {
    get throws(PromptCacheError) { try runtime.engine(loading: loadEngine) }
  }

  /// Makes the answers of this session, and of those that share its model. The first call loads the weights.
  ///
  /// - Throws: `PromptCacheError.engine`; `.noThread`.
  public var scheduler: AnswerScheduler {
    get throws(PromptCacheError) { try runtime.scheduler(on: engine) }
  }

  /// Weights in another form than the model's own are made once and kept beside the store, where there is one.
  private func loadEngine() throws(PromptCacheError) -> InferenceEngine {
    guard model.repacksWeights, let store = try sessionStore.readable(),
      let kept = try model.repackedWeights(besides: store, fingerprint: fingerprint)
    else { return try loadEngine(keeping: nil) }
    do throws(PromptCacheError) {
      return try loadEngine(keeping: kept)
    } catch {
      guard case .engine(.unwritableFile) = error else { throw error }
      progress(.weightsNotKept(model.weights, because: error))
      return try loadEngine(keeping: nil)
    }
  }

  private func loadEngine(keeping place: RepackedWeights?) throws(PromptCacheError) -> InferenceEngine {
    defer { progress(.ended) }
    return try model.engine(threads: runtime.threads, on: runtime.sharedThreads, repacked: place) {
      [progress, model] done, total in
      progress(.makingWeights(model.weights, done: done, total: total))
    }
  }
}
