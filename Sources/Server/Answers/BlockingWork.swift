internal import Dispatch

/// Runs what blocks its thread (compiling, the store, passes) on threads of its own, away from those that all tasks share.
final class BlockingWork: TaskExecutor {
  static let executor = BlockingWork()

  private let queue = DispatchQueue(label: "blocking work", attributes: .concurrent)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }

  /// Runs `body` there; it sees the cancellation of the task that asks.
  static func run<R: Sendable>(_ body: @Sendable @escaping () throws -> R) async throws -> R {
    try await withTaskExecutorPreference(executor) { try await Self.call(body) }
  }

  @concurrent
  private static func call<R: Sendable>(_ body: @Sendable () throws -> R) async throws -> R { try body() }
}
