import CAffinity
import FoundationEssentials

/// The cores that this thread, and those that it starts, may use.
package struct AvailableCores {
  /// Numbers of the cores in the thread's affinity mask, which `taskset` and containers set, rising; empty where the
  /// system does not say.
  let mask: [Int32]
  /// Number of cores' worth of time that the process's control group grants; `nil` for as much as there is.
  let quota: Int?

  /// These cores, and so many cores' worth of time.
  package init(mask: [Int32], quota: Int?) {
    self.mask = mask
    self.quota = quota
  }

  /// Those of the calling thread.
  init() {
    var cores = [Int32](repeating: 0, count: 1024)
    let count = unsafe affinity_cores(&cores, Int32(cores.count))
    mask = Array(cores.prefix(Int(count)))
    // Inside a container this is its own group's.
    let limit = FileManager.default.contents(atPath: "/sys/fs/cgroup/cpu.max")
    quota = limit.flatMap { Self.quota(in: String(decoding: $0, as: UTF8.self)) }
  }

  /// How many threads can run at a time.
  package var count: Int {
    let cores = mask.isEmpty ? ProcessInfo.processInfo.activeProcessorCount : mask.count
    return max(min(cores, quota ?? cores), 1)
  }

  /// The cores to keep `threads` threads on, one each; `nil` to leave them free.
  ///
  /// A pool that has a thread for every core of the mask keeps each on its own: nothing is gained by moving one. A smaller
  /// pool stays free, since another, of this process or the next one, would choose the same cores while others idle.
  package func cores(for threads: Int) -> [Int32]? {
    threads > 1 && threads == mask.count && threads == count ? mask : nil
  }

  /// The limit in a file such as `cpu.max` of control groups: microseconds granted of each period, or `max`.
  package static func quota(in text: String) -> Int? {
    let fields = text.split(whereSeparator: \.isWhitespace)
    guard fields.count == 2, let granted = Int(fields[0]), let period = Int(fields[1]), granted > 0, period > 0
    else { return nil }
    return max((granted + period - 1) / period, 1)
  }
}
