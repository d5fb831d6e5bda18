internal import Dispatch
internal import Glibc

/// Runs each job on a thread of its own, which it may block: the threads that all tasks share are not for that.
package final class OwnThreads: TaskExecutor {
  /// There is nothing to tell two of them apart by.
  package static let shared = OwnThreads()

  private init() {}

  /// Runs `body` there. It sees the cancellation of the task that asks.
  package static func run<R: Sendable>(_ body: @Sendable @escaping () throws -> R) async throws -> R {
    try await withTaskExecutorPreference(shared) { try await call(body) }
  }

  @concurrent
  private static func call<R: Sendable>(_ body: @Sendable () throws -> R) async throws -> R { try body() }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let run: @Sendable () -> Void = { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    // Where the system gives no more threads, one of those that are there has to do.
    guard let thread = startThread(run) else { return DispatchQueue.global().async(execute: run) }
    pthread_detach(thread)
  }
}
