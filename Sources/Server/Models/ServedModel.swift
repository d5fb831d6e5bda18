internal import Logging
internal import PromptCache
internal import Synchronization

/// A model that is served: one engine, and a session with the store for each tenant.
final class ServedModel: Sendable {
  /// Where it stands.
  private enum State {
    case loading
    case ready(CacheSession)
  }

  private struct Entry {
    let tenant: Tenant
    /// What it does in the background.
    let task: Task<Void, Never>

    func stop() {
      task.cancel()
      tenant.warmings.stop()
    }
  }

  /// What requests call it.
  let id: String
  /// When it was set up: seconds since 1970.
  let created: Int
  /// Its configuration, tokenizer and chat template.
  let model: LoadedModel

  private let place: StorePlace
  private let memories: ConversationMemories
  private let threads: ComputeThreads
  private let limits: AnswerLimits
  private let jointBytes: Int?
  private let logger: Logger
  private let state = Mutex(State.loading)
  private let tenants = Mutex<[String: Entry]>([:])

  /// A model whose weights are not loaded yet.
  ///
  /// - Parameters:
  ///   - id: what requests call it.
  ///   - model: its configuration, tokenizer and chat template.
  ///   - created: seconds since 1970.
  ///   - place: the store.
  ///   - threads: compute, for all models.
  ///   - memories: what was said.
  ///   - limits: how many answers are made at a time.
  ///   - jointBytes: bytes of joint encodings that are made while nothing waits, for each tenant; none if `nil`.
  ///   - logger: is told of what takes long, and what fails in the background.
  init(
    id: String, model: LoadedModel, created: Int, place: StorePlace, threads: ComputeThreads,
    memories: ConversationMemories,
    limits: AnswerLimits, jointBytes: Int?, logger: Logger
  ) {
    self.id = id
    self.model = model
    self.created = created
    self.place = place
    self.threads = threads
    self.memories = memories
    self.limits = limits
    self.jointBytes = jointBytes
    self.logger = logger
  }

  /// Whether it answers.
  var isReady: Bool {
    state.withLock { if case .ready = $0 { true } else { false } }
  }

  /// Opens the store, loads the weights and starts the scheduler.
  ///
  /// - Parameter namespace: the tenant whose part of the store remembers what the model is.
  /// - Throws: `PromptCacheError` for a store that cannot be opened, or weights that cannot be loaded.
  func load(namespace: String) throws(PromptCacheError) {
    let session = try CacheSession(
      model: model, storeAt: place.path, options: place.options(namespace: namespace), remote: place.remote,
      on: threads,
      limits: limits, progress: ProgressLog(logger: logger).note)
    _ = try session.fingerprint
    _ = try session.scheduler
    state.withLock { $0 = .ready(session) }
  }

  /// What a tenant sees of it.
  ///
  /// - Throws: `APIError` while the model is loaded, and for a store that cannot be opened.
  func tenant(_ namespace: String) throws(APIError) -> Tenant {
    guard case .ready(let base) = state.withLock({ $0 }) else {
      throw .loading
    }
    let known = tenants.withLock { $0[namespace]?.tenant }
    if let known, !known.isStoreReplaced { return known }
    do throws(PromptCacheError) {
      let session = try CacheSession(
        sharingModelOf: base, storeAt: place.path, options: place.options(namespace: namespace), remote: place.remote)
      let tenant = Tenant(
        namespace: namespace, model: self, session: session, memory: memories[namespace], jointBytes: jointBytes)
      let before = tenants.withLock { tenants in
        defer { tenants[namespace] = Entry(tenant: tenant, task: Task { [logger] in await tenant.makeJoint(logger) }) }
        return tenants[namespace]
      }
      before?.stop()
      return tenant
    } catch {
      throw APIError(error)
    }
  }

  /// The tenants that have asked.
  var knownTenants: [Tenant] { tenants.withLock { $0.values.map(\.tenant) } }

  /// Number of versions for this model in the parts of the store that requests have asked for, by namespace.
  var versionCounts: [(namespace: String, versions: Int)] {
    knownTenants.map { ($0.namespace, (try? $0.versions().count) ?? 0) }
  }

  /// Stops what goes on in the background.
  func stop() {
    for entry in tenants.withLock({ Array($0.values) }) { entry.stop() }
  }

  /// The scheduler, once it is started.
  var scheduler: AnswerScheduler? {
    guard case .ready(let session) = state.withLock({ $0 }) else { return nil }
    return try? session.scheduler
  }
}

/// Where the store is, and how it is opened.
struct StorePlace: Sendable {
  let path: FilePath
  let maximumBytes: Int?
  let maximumNamespaceBytes: Int?
  /// What it is a cache of.
  let remote: RemoteStore?

  /// How a tenant's part is opened.
  func options(namespace: String) -> StoreOptions {
    StoreOptions(
      maximumBytes: maximumBytes, maximumNamespaceBytes: maximumNamespaceBytes, namespace: namespace)
  }
}
