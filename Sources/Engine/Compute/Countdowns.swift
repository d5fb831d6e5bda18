import Synchronization

// The counters are atomic; `begin` alone grows them, which nobody else runs beside.
/// How many tasks are left of each of several groups, so that whoever ends a group's last task can go on with its result.
@safe final class Countdowns: @unchecked Sendable {
  private var capacity = 0
  private var counters: UnsafeMutablePointer<Atomic<Int>>?

  deinit { free() }

  /// Starts `count` groups of as many tasks as `tasks` says. Nobody counts meanwhile.
  func begin(_ count: Int, tasks: (_ group: Int) -> Int) {
    if count > capacity {
      free()
      let counters = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: count)
      for group in 0..<count { unsafe (counters + group).initialize(to: Atomic(0)) }
      unsafe self.counters = counters
      capacity = count
    }
    for group in 0..<count { unsafe counters?[group].store(tasks(group), ordering: .relaxed) }
  }

  /// Counts a task of `group` that has ended. True for the last one, which sees what the others have written.
  func end(group: Int) -> Bool {
    precondition(group >= 0 && group < capacity, "group \(group) of \(capacity)")
    return unsafe counters?[group].subtract(1, ordering: .acquiringAndReleasing).newValue == 0
  }

  private func free() {
    guard let counters = unsafe counters else { return }
    for group in 0..<capacity { unsafe (counters + group).deinitialize(count: 1) }
    unsafe counters.deallocate()
  }
}
