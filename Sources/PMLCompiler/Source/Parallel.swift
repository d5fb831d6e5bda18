internal import Glibc
internal import Synchronization
internal import Threads

/// The results of `body` for 0 ..< `count`, in order.
///
/// The calling thread takes part, and as many others as there are cores for. Where the system gives no threads, the caller
/// does it all.
package func inParallel<Result: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (Int) -> Result
) -> [Result] {
  let tasks = ParallelTasks(count, body)
  let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  let helpers = (1..<max(1, min(count, cores))).compactMap { _ in startThread { tasks.work() } }
  tasks.work()
  for helper in helpers { pthread_join(helper, nil) }
  return tasks.results
}

/// Tasks that several threads take from one counter.
private final class ParallelTasks<Result: Sendable>: Sendable {
  private let count: Int
  private let body: @Sendable (Int) -> Result
  private let next = Atomic(0)
  private let found = Mutex<[Int: Result]>([:])

  init(_ count: Int, _ body: @escaping @Sendable (Int) -> Result) {
    self.count = count
    self.body = body
  }

  /// All results, once every thread has ended.
  var results: [Result] { found.withLock { found in (0..<count).compactMap { found[$0] } } }

  func work() {
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < count else { return }
      let result = body(index)
      found.withLock { $0[index] = result }
    }
  }
}
