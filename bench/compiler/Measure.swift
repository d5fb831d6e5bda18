import Glibc

/// How long something took.
struct Timing {
  /// On the clock, in seconds.
  let wall: Double
  /// Of all cores together, in seconds: other programs count less here.
  let processor: Double

  /// The median by wall time of `runs` runs of `body`.
  static func median(of runs: Int, _ body: () throws -> Void) rethrows -> Timing {
    var timings: [Timing] = []
    for _ in 0..<runs {
      let (wall, processor) = (ContinuousClock.now, processorSeconds)
      try body()
      timings.append(
        Timing(wall: (ContinuousClock.now - wall) / .seconds(1), processor: processorSeconds - processor))
    }
    return timings.sorted { $0.wall < $1.wall }[runs / 2]
  }

  private static var processorSeconds: Double {
    var usage = rusage()
    _ = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }

  private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
}
