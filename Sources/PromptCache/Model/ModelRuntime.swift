internal import ContentHash
internal import Engine
internal import Synchronization

/// A model at work: what its sessions have in common, each part made when it is first asked for.
final class ModelRuntime: Sendable {
  let model: LoadedModel
  /// How many threads compute; all cores that the process may use if `nil`.
  let threads: Int?
  /// Threads of several models to compute on instead.
  let sharedThreads: ComputeThreads?

  private let limits: AnswerLimits
  private let knownFingerprint = Mutex<SHA256Digest?>(nil)
  private let loadedEngine = Mutex<InferenceEngine?>(nil)
  private let startedScheduler = Mutex<AnswerScheduler?>(nil)

  init(model: LoadedModel, threads: Int?, on sharedThreads: ComputeThreads?, limits: AnswerLimits) {
    self.model = model
    self.threads = threads
    self.sharedThreads = sharedThreads
    self.limits = limits
  }

  /// The model's fingerprint, which `compute` finds the first time.
  func fingerprint(
    computing compute: () throws(PromptCacheError) -> SHA256Digest
  ) throws(PromptCacheError) -> SHA256Digest {
    try knownFingerprint.withLock { (known) throws(PromptCacheError) in
      if let known { return known }
      let fingerprint = try compute()
      known = fingerprint
      return fingerprint
    }
  }

  /// The engine, which `load` makes the first time.
  func engine(
    loading load: () throws(PromptCacheError) -> InferenceEngine
  ) throws(PromptCacheError) -> InferenceEngine {
    try loadedEngine.withLock { (loaded) throws(PromptCacheError) in
      if let loaded { return loaded }
      let engine = try load()
      loaded = engine
      return engine
    }
  }

  /// The scheduler, which is started the first time.
  func scheduler(on engine: InferenceEngine) throws(PromptCacheError) -> AnswerScheduler {
    try startedScheduler.withLock { (started) throws(PromptCacheError) in
      if let started { return started }
      let scheduler = try AnswerScheduler(model: model, engine: engine, limits: limits)
      started = scheduler
      return scheduler
    }
  }
}
