/// An answer that a scheduler makes. Letting go of it stops the answer within a step.
public final class ScheduledAnswer: Sendable {
  /// What it takes at most.
  public let budget: AnswerBudget

  private let subscription: Subscription<GenerationEvent>

  init(_ subscription: Subscription<GenerationEvent>, budget: AnswerBudget) {
    self.subscription = subscription
    self.budget = budget
  }

  /// The next event as soon as it is known; `nil` after the last. One task reads at a time.
  ///
  /// - Throws: why the answer cannot go on; `.cancelled` when the reading task, or the answer, was cancelled.
  public func next(
    isolation: isolated (any Actor)? = #isolation
  ) async throws(PromptCacheError) -> GenerationEvent? {
    try await subscription.next()
  }

  /// Stops the answer within a step. Its reader gets `.cancelled`.
  public func cancel() { subscription.cancel() }
}

/// A reader's end of a channel.
final class Subscription<Element: Sendable>: Sendable {
  let id: AnswerScheduler.ID
  private let channel: AnswerChannel<Element>
  private let scheduler: AnswerScheduler
  /// How far behind a reader has to be for the answer to stand still.
  private let limit: Int

  init(_ id: AnswerScheduler.ID, _ channel: AnswerChannel<Element>, of scheduler: AnswerScheduler, limit: Int) {
    self.id = id
    self.channel = channel
    self.scheduler = scheduler
    self.limit = limit
  }

  deinit { Self.stop(channel, scheduler) }

  func next(isolation: isolated (any Actor)? = #isolation) async throws(PromptCacheError) -> Element? {
    do throws(PromptCacheError) {
      let element = try await channel.next()
      // It may have stood still until there was room for more.
      if channel.unread == limit - 1 { await scheduler.wake() }
      return element
    } catch {
      if case .cancelled = error { Self.stop(channel, scheduler) }
      throw error
    }
  }

  func cancel() { Self.stop(channel, scheduler) }

  private static func stop(_ channel: AnswerChannel<Element>, _ scheduler: AnswerScheduler) {
    channel.abandon()
    guard channel.isGone else { return }
    // It sees in each step who has gone. If it takes none just now, it has to be told.
    Task { await scheduler.wake() }
  }
}
