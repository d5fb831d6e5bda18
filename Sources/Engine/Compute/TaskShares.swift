import Synchronization

// The counters are atomic, `tasks` is written by `begin` alone, which nobody else runs beside.
/// The tasks of one job, dealt out in as many shares of consecutive tasks as there are threads.
///
/// A thread takes its own share first and then what is left of the others', so that neighbours, which lie beside each
/// other in memory, mostly go to one thread, and no thread is idle while there is work.
@safe final class TaskShares: @unchecked Sendable {
  /// Counters that lie this far apart share no cache line.
  private static let stride = 16

  private let shares: Int
  private let next: UnsafeMutablePointer<Atomic<Int>>
  private var tasks = 0

  init(shares: Int) {
    self.shares = shares
    unsafe next = .allocate(capacity: shares * Self.stride)
    for share in 0..<shares { unsafe (next + share * Self.stride).initialize(to: Atomic(0)) }
  }

  deinit {
    for share in 0..<shares { unsafe (next + share * Self.stride).deinitialize(count: 1) }
    unsafe next.deallocate()
  }

  /// Deals out tasks 0..<tasks. Nobody takes any meanwhile.
  func begin(tasks: Int) {
    self.tasks = tasks
    for share in 0..<shares { unsafe next[share * Self.stride].store(begin(share), ordering: .relaxed) }
  }

  /// Runs `body` for tasks that are left, those of `share` first, until all are handed out.
  func take(share: Int, _ body: (_ task: Int) -> Void) {
    for turn in 0..<shares {
      let owner = (share + turn) % shares
      while true {
        let task = unsafe next[owner * Self.stride].add(1, ordering: .relaxed).oldValue
        guard task < begin(owner + 1) else { break }
        body(task)
      }
    }
  }

  private func begin(_ share: Int) -> Int { tasks * share / shares }
}
