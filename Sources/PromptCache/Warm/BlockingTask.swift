internal import Dispatch
internal import Synchronization
internal import Threads

/// A task's work that may block its thread: it has one of its own, since the threads that all tasks share are not for that.
final class BlockingTask: Sendable {
  private struct State {
    var isCancelled = false
    /// What the thread waits for.
    var awaited: Task<Void, Never>?
  }

  private let state = Mutex(State())

  /// Runs `body` on a thread of its own, where it sees the cancellation of the current task, as does whatever it waits for.
  static func run<R: Sendable>(
    _ body: @escaping @Sendable (BlockingTask) throws(PromptCacheError) -> R
  ) async throws(PromptCacheError) -> R {
    let task = BlockingTask()
    let result = await withTaskCancellationHandler {
      await withTaskExecutorPreference(OwnThreads.shared) { await task.result(of: body) }
    } onCancel: {
      task.cancel()
    }
    return try result.get()
  }

  @concurrent
  private func result<R: Sendable>(
    of body: @Sendable (BlockingTask) throws(PromptCacheError) -> R
  ) async -> Result<R, PromptCacheError> {
    do throws(PromptCacheError) { return .success(try body(self)) } catch { return .failure(error) }
  }

  private func cancel() {
    let awaited = state.withLock { state in
      state.isCancelled = true
      return state.awaited
    }
    awaited?.cancel()
  }

  /// Waits on this work's thread for something that is done elsewhere.
  ///
  /// - Parameters:
  ///   - seconds: after how many `chore` is done, again and again meanwhile.
  ///   - chore: what a long wait must not put off.
  ///   - body: what it waits for. It is cancelled if the work is.
  func wait<R: Sendable>(
    seconds: Int, doing chore: () -> Void,
    for body: @escaping @Sendable () async throws(PromptCacheError) -> R
  ) throws(PromptCacheError) -> R {
    let outcome = Outcome<R>()
    let awaited = Task { await outcome.set(to: body) }
    let isCancelled = state.withLock { state in
      state.awaited = awaited
      return state.isCancelled
    }
    if isCancelled { awaited.cancel() }
    while !outcome.isKnown(within: .seconds(seconds)) { chore() }
    return try outcome.get()
  }
}

/// What comes of something that a thread waits for.
private final class Outcome<R: Sendable>: Sendable {
  private let result = Mutex<Result<R, PromptCacheError>>(.failure(.cancelled))
  private let isKnown = DispatchSemaphore(value: 0)

  func set(to body: @Sendable () async throws(PromptCacheError) -> R) async {
    do throws(PromptCacheError) {
      let value = try await body()
      result.withLock { $0 = .success(value) }
    } catch {
      result.withLock { $0 = .failure(error) }
    }
    isKnown.signal()
  }

  func isKnown(within interval: DispatchTimeInterval) -> Bool { isKnown.wait(timeout: .now() + interval) == .success }

  func get() throws(PromptCacheError) -> R { try result.withLock { $0 }.get() }
}
