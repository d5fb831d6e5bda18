import Glibc

/// What one input may cost at most.
public enum Bounds {
  private static let seconds = 1.0
  private static let bytes = 256 << 20

  /// Runs `body`, and traps where it took more than a second of processor time, or more than 256 MiB of memory beyond the
  /// most that the program had before.
  public static func hold(_ body: () -> Void) {
    let before = usage()
    body()
    let after = usage()
    require(after.seconds - before.seconds < seconds, "it took more than a second")
    require(after.peak - before.peak < bytes, "it took more than 256 MiB")
  }

  /// Traps where a promise is not kept, and says which: what an optimised `precondition` says is not printed.
  public static func require(_ isKept: Bool, _ finding: @autoclosure () -> String) {
    guard !isKept else { return }
    let line = Array("found: \(finding())\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
    fatalError()
  }

  /// Traps where a terminal should not see a message: it is printed on one line, and the line is of bounded length.
  public static func requirePrintable(_ message: String) {
    require(message.utf8.count < 10_000, "a message of \(message.utf8.count) bytes: \(message.prefix(200))")
    require(
      message.unicodeScalars.allSatisfy(isPrintable),
      "a message that no terminal should see: \(message.debugDescription)")
  }

  private static func usage() -> (seconds: Double, peak: Int) {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let times = [usage.ru_utime, usage.ru_stime]
    return (times.reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }, usage.ru_maxrss << 10)
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }
}
