import CAffinity
import Glibc
import Synchronization
import Threads

/// Threads that share the tasks of one job at a time with the thread that asks.
///
/// Each begins with a share of its own and then helps the others, so uneven tasks balance. Idle threads watch for the next
/// job a few microseconds before they sleep, since a forward pass is hundreds of short jobs in a row.
///
/// Where the pool has a thread for every core that it may use, its own threads stay on one each. The thread that asks is
/// not the pool's, and goes where the system puts it: to the core that is left.
final class ThreadPool: Sendable {
  /// More threads than any machine has use for.
  static let mostThreads = 512

  /// Number of threads that work on a job, the caller's among them.
  let threads: Int

  private let shared: Shared
  /// Held by the engine whose job runs.
  private let turn = Mutex<Void>(())
  private let handles: [pthread_t]

  /// Threads that the system must still be able to start beside the pool's: Swift's runtime stops where it can start none.
  private static let spare = 2

  /// A pool of so many threads, or of fewer where the system does not allow as many and some for others.
  ///
  /// - Parameter threads: 1 or more.
  init(threads: Int) {
    precondition(threads >= 1, "\(threads) threads")
    var (shared, handles) = Self.start(threads)
    if threads > 1, !ThreadLimit.allows(Self.spare) {
      Self.end(shared, handles)
      (shared, handles) = Self.start(max(handles.count + 1 - Self.spare, 1))
    }
    self.shared = shared
    self.threads = handles.count + 1
    self.handles = handles
  }

  private static func start(_ threads: Int) -> (Shared, [pthread_t]) {
    var handles: [pthread_t] = []
    let shared = Shared(threads: threads)
    let cores = AvailableCores().cores(for: threads)
    for index in 1..<max(threads, 1) {
      let core = cores?[index]
      let handle = startThread {
        // Refused, it stays where the system puts it.
        if let core { _ = affinity_pin(core) }
        shared.work(thread: index)
      }
      // With fewer threads a job takes longer, but is done.
      guard let handle else { break }
      handles.append(handle)
    }
    return (shared, handles)
  }

  private static func end(_ shared: Shared, _ handles: [pthread_t]) {
    shared.stop()
    for handle in handles { pthread_join(handle, nil) }
  }

  deinit { Self.end(shared, handles) }

  /// Runs `body` for each task in 0..<tasks and returns when all are done. `thread` is in 0..<threads, and no two
  /// tasks run at once with the same one.
  ///
  /// One job at a time: others wait for their turn, and a task starts no job.
  func run(_ tasks: Int, _ body: (_ task: Int, _ thread: Int) -> Void) {
    if tasks <= 1 || threads == 1 {
      for task in 0..<max(tasks, 0) { body(task, 0) }
    } else {
      turn.withLock { _ in shared.run(tasks, body) }
    }
  }

  /// Number of cores that this process may use.
  static var availableCores: Int { AvailableCores().count }
}

/// State that the threads share.
///
/// A job is published by writing it, opening the gate, and counting up `generation`. A thread enters through the gate
/// by adding 1 to it, and leaves by taking 1 off; the caller closes the gate when the tasks are handed out, and waits
/// for those inside. A thread that wakes too late finds it closed and costs nothing.
@safe private final class Shared: @unchecked Sendable {
  private typealias Body = (_ task: Int, _ thread: Int) -> Void

  private static let closed = 1 << 40
  /// Looks at the generation before a thread sleeps: some tens of microseconds.
  private static let spins = 4000

  // Written only while the gate is closed and nobody is inside.
  private var body: Body?
  private let shares: TaskShares

  private let gate = Atomic<Int>(closed)
  private let generation = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let stopping = Atomic<Bool>(false)
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init(threads: Int) {
    shares = TaskShares(shares: threads)
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  func run(_ tasks: Int, _ body: (_ task: Int, _ thread: Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      self.body = body
      shares.begin(tasks: tasks)
      gate.store(0, ordering: .releasing)
      generation.add(1, ordering: .sequentiallyConsistent)
      wakeSleepers()
      takeTasks(thread: 0)
      gate.bitwiseOr(Self.closed, ordering: .acquiringAndReleasing)
      var looks = 0
      while gate.load(ordering: .acquiring) != Self.closed { pause(&looks) }
      self.body = nil
    }
  }

  func stop() {
    stopping.store(true, ordering: .sequentiallyConsistent)
    generation.add(1, ordering: .sequentiallyConsistent)
    unsafe pthread_mutex_lock(mutex)
    unsafe pthread_cond_broadcast(condition)
    unsafe pthread_mutex_unlock(mutex)
  }

  func work(thread: Int) {
    var seen = 0
    while true {
      seen = waitForGeneration(after: seen)
      if stopping.load(ordering: .acquiring) { return }
      if enter() {
        takeTasks(thread: thread)
        gate.subtract(1, ordering: .releasing)
      }
    }
  }

  private func takeTasks(thread: Int) {
    guard let body else { return }
    shares.take(share: thread) { body($0, thread) }
  }

  private func enter() -> Bool {
    var value = gate.load(ordering: .acquiring)
    while value & Self.closed == 0 {
      let (exchanged, original) = gate.weakCompareExchange(
        expected: value, desired: value + 1, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      value = original
    }
    return false
  }

  private func waitForGeneration(after seen: Int) -> Int {
    var looks = 0
    while looks < Self.spins {
      let current = generation.load(ordering: .acquiring)
      if current != seen { return current }
      pause(&looks)
    }
    unsafe pthread_mutex_lock(mutex)
    sleepers.add(1, ordering: .sequentiallyConsistent)
    var current = generation.load(ordering: .sequentiallyConsistent)
    while current == seen {
      unsafe pthread_cond_wait(condition, mutex)
      current = generation.load(ordering: .sequentiallyConsistent)
    }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    unsafe pthread_mutex_unlock(mutex)
    return current
  }

  private func wakeSleepers() {
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    unsafe pthread_mutex_lock(mutex)
    unsafe pthread_cond_broadcast(condition)
    unsafe pthread_mutex_unlock(mutex)
  }

  /// Lets another thread have the core from time to time.
  private func pause(_ looks: inout Int) {
    looks += 1
    if looks.isMultiple(of: 32) { sched_yield() }
  }
}
