/// An answer as an asynchronous sequence of what becomes known of it.
///
/// A scheduler makes it together with the other answers that are read at the same time. It begins when the first event is
/// asked for, and stands still while its reader is far behind. Ending the iteration, or cancelling its task, stops it
/// within a step, even during a prompt. Each iteration makes the answer anew.
public struct Generation: AsyncSequence, Sendable {
  /// Events, the last one `.finish`.
  public typealias Element = GenerationEvent
  /// Why no more events can come; `.cancelled` when the reading task was cancelled.
  public typealias Failure = PromptCacheError

  private let scheduler: AnswerScheduler
  private let prompt: ReadyPrompt
  private let options: GenerationOptions
  private let group: String
  private let start: ContinuousClock.Instant

  /// The answer to `prompt`.
  ///
  /// - Parameters:
  ///   - prompt: the prompt.
  ///   - scheduler: makes it.
  ///   - options: how tokens are chosen, and when the answer ends.
  ///   - group: whose answer it is; where answers wait, groups take turns.
  ///   - start: when the request began; the time to the first token counts from here.
  public init(
    to prompt: ReadyPrompt, on scheduler: AnswerScheduler, options: GenerationOptions = .init(), group: String = "",
    start: ContinuousClock.Instant = .now
  ) {
    self.scheduler = scheduler
    self.prompt = prompt
    self.options = options
    self.group = group
    self.start = start
  }

  /// What the answer takes at most.
  public var budget: AnswerBudget { scheduler.budget(for: prompt, options: options) }

  /// The answer from its beginning.
  public func makeAsyncIterator() -> Iterator { Iterator(generation: self) }

  /// Reads on to the end.
  public func completion() async throws(PromptCacheError) -> Completion {
    var iterator = makeAsyncIterator()
    while let event = try await iterator.next(isolation: nil) {
      if case .finish(let completion) = event { return completion }
    }
    throw .cancelled
  }

  /// Reads one answer.
  public struct Iterator: AsyncIteratorProtocol {
    private let generation: Generation
    private var answer: ScheduledAnswer?
    private var isAtEnd = false

    fileprivate init(generation: Generation) { self.generation = generation }

    /// The next event; `nil` after the end.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(PromptCacheError) -> GenerationEvent? {
      guard !isAtEnd else { return nil }
      do throws(PromptCacheError) {
        if Task.isCancelled { throw .cancelled }
        let answer =
          if let answer { answer } else {
            try await generation.scheduler.submit(
              generation.prompt, options: generation.options, group: generation.group, start: generation.start)
          }
        self.answer = answer
        let event = try await answer.next()
        if event == nil { isAtEnd = true }
        return event
      } catch {
        isAtEnd = true
        answer = nil
        throw error
      }
    }
  }
}
