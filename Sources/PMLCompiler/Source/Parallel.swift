internal import Glibc
internal import Synchronization

/// The results of `body` for 0 ..< `count`, in order.
///
/// The calling thread takes part, and as many others as there are cores for. Where the system gives no threads, the caller
/// does it all.
package func inParallel<Result: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (Int) -> Result
) -> [Result] {
  let tasks = ParallelTasks(count, body)
  let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  let helpers = (1..<max(1, min(count, cores))).compactMap { _ in tasks.startThread() }
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

  /// A thread that does the same; `nil` if the system gives none.
  func startThread() -> pthread_t? {
    var thread = pthread_t()
    let work = unsafe Unmanaged.passRetained(Work { self.work() })
    let code = unsafe pthread_create(
      &thread, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, unsafe work.toOpaque())
    guard code == 0 else {
      unsafe work.release()
      return nil
    }
    return thread
  }
}

/// What a thread does. It is no generic type, so that a C function can name it.
private final class Work: Sendable {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
