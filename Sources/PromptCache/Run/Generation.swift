public import Engine
internal import Dispatch

/// An answer as an asynchronous sequence of what becomes known of it.
///
/// Nothing is computed but what is asked for: each step is taken when the one before has been read. Who stops reading,
/// or cancels the task that reads, stops the computation: within a layer's time, prompts included. Each iteration makes
/// the answer anew.
public struct Generation: AsyncSequence, Sendable {
  /// Events, the last one `.finish`.
  public typealias Element = GenerationEvent
  /// Why no more events can come; `.cancelled` when the reading task was cancelled.
  public typealias Failure = PromptCacheError

  private let model: LoadedModel
  private let engine: InferenceEngine
  private let prompt: ReadyPrompt
  private let options: GenerationOptions
  private let start: ContinuousClock.Instant

  /// The answer to `prompt`.
  ///
  /// - Parameters:
  ///   - model: its tokenizer and chat template are used.
  ///   - options: how tokens are chosen, and when the answer ends.
  ///   - prompt: the prompt.
  ///   - engine: has loaded the weights of `model`.
  ///   - start: when the request began; the time to the first token counts from here.
  public init(
    to prompt: ReadyPrompt, model: LoadedModel, engine: InferenceEngine, options: GenerationOptions = .init(),
    start: ContinuousClock.Instant = .now
  ) {
    self.model = model
    self.engine = engine
    self.prompt = prompt
    self.options = options
    self.start = start
  }

  /// Begins the answer.
  public func makeAsyncIterator() -> Iterator {
    Iterator(
      worker: GenerationWorker { () throws(PromptCacheError) in
        var batch = GenerationBatch(model: model, engine: engine)
        try batch.add(prompt, options: options, start: start)
        return batch
      })
  }

  /// Reads on to the end.
  public func completion() async throws(PromptCacheError) -> Completion {
    var iterator = makeAsyncIterator()
    while let event = try await iterator.next(isolation: nil) {
      if case .finish(let completion) = event { return completion }
    }
    throw .cancelled
  }

  /// Takes the steps of one answer.
  public struct Iterator: AsyncIteratorProtocol {
    private let worker: GenerationWorker
    private var events: ArraySlice<GenerationEvent> = []
    private var isAtEnd = false

    fileprivate init(worker: GenerationWorker) { self.worker = worker }

    /// The next event; `nil` after the end.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(PromptCacheError) -> GenerationEvent? {
      while events.isEmpty {
        guard !isAtEnd else { return nil }
        do throws(PromptCacheError) {
          let step = try await worker.step()
          (events, isAtEnd) = (step.events[...], step.isLast)
        } catch {
          isAtEnd = true
          throw error
        }
      }
      return events.popFirst()
    }
  }
}

/// Takes steps on a thread that they may keep busy, not on those that all tasks share.
private actor GenerationWorker {
  private let executor = QueueExecutor()
  private let makeBatch: @Sendable () throws(PromptCacheError) -> GenerationBatch
  private var batch: GenerationBatch?

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  init(_ makeBatch: @escaping @Sendable () throws(PromptCacheError) -> GenerationBatch) { self.makeBatch = makeBatch }

  func step() throws(PromptCacheError) -> (events: [GenerationEvent], isLast: Bool) {
    if batch == nil { batch = try makeBatch() }
    let events = try batch?.step().map(\.event)
    return (events ?? [], batch?.isEmpty ?? true)
  }
}

/// Runs an actor's jobs one after the other on a dispatch queue.
private final class QueueExecutor: SerialExecutor {
  private let queue = DispatchQueue(label: "generation", qos: .userInitiated)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
