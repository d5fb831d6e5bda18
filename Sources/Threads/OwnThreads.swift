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
    runOnOwnThread { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

/// Runs `body` on a thread of its own, which it may block, and does not wait for it.
package func runOnOwnThread(_ body: @escaping @Sendable () -> Void) {
  // Where the system gives no more threads, one of those that are there has to do.
  guard let thread = startThread(body) else { return DispatchQueue.global().async(execute: body) }
  pthread_detach(thread)
}

/// Runs `body` so many times at once, each on a thread of its own, and waits until all have ended. Where the system gives
/// no more threads, the caller's has to do.
package func onOwnThreads(_ count: Int, _ body: @escaping @Sendable () -> Void) {
  let threads = (0..<count).map { _ in startThread(body) }
  for thread in threads {
    if let thread { _ = pthread_join(thread, nil) } else { body() }
  }
}
