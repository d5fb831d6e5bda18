internal import NIOCore
internal import PromptCache
internal import Synchronization

/// The choices of a request while they are made. They are stopped when the client hangs up, or when it takes too long.
final class AnswerSet: Sendable {
  /// One choice.
  struct Choice: Sendable {
    /// Among all of the request.
    let index: Int
    /// Whether it is the first one of its prompt, whose tokens are counted once.
    let isFirstOfPrompt: Bool
    let answer: ScheduledAnswer
  }

  let choices: [Choice]

  private let connections: Connections
  private let channel: any Channel
  private let hangUp = Mutex<Int?>(nil)
  private let hasTimedOut = Atomic<Bool>(false)
  private let isAbandoned = Atomic<Bool>(false)
  private let watch = Mutex<Task<Void, Never>?>(nil)

  /// How long a client that reads nothing may keep its connection when the time is over.
  private static let grace = Duration.seconds(5)

  /// Watches over the choices.
  ///
  /// - Parameters:
  ///   - choices: one or more.
  ///   - channel: the client's.
  ///   - connections: tells who hangs up.
  ///   - limit: how long the answers may take from here.
  init(_ choices: [Choice], on channel: any Channel, _ connections: Connections, within limit: Duration) {
    self.choices = choices
    self.channel = channel
    self.connections = connections
    let number = connections.onHangUp(of: channel) { [weak self] in self?.abandon() }
    hangUp.withLock { $0 = number }
    let task = Task { [weak self, channel] in
      guard (try? await Task.sleep(for: limit)) != nil else { return }
      self?.timeOut()
      guard (try? await Task.sleep(for: Self.grace)) != nil else { return }
      if self != nil { channel.close(promise: nil) }
    }
    watch.withLock { $0 = task }
  }

  deinit { end() }

  /// The next event of a choice.
  ///
  /// - Throws: `APIError`.
  func next(_ choice: Choice) async throws(APIError) -> GenerationEvent? {
    do throws(PromptCacheError) {
      return try await choice.answer.next()
    } catch {
      if case .cancelled = error, hasTimedOut.load(ordering: .relaxed) {
        throw .timedOut("the answer took longer than a request may")
      }
      throw APIError(error)
    }
  }

  /// Stops all of them.
  func cancel() {
    for choice in choices { choice.answer.cancel() }
  }

  /// Ends the watch.
  func end() {
    watch.withLock { $0?.cancel() }
    if let number = hangUp.withLock({ $0 }) { connections.forget(number, of: channel) }
  }

  /// Whether the client has gone.
  var hasHungUp: Bool { isAbandoned.load(ordering: .relaxed) }

  private func abandon() {
    isAbandoned.store(true, ordering: .relaxed)
    cancel()
  }

  private func timeOut() {
    hasTimedOut.store(true, ordering: .relaxed)
    cancel()
  }
}
