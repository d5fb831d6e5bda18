import Foundation

/// What one command took.
struct Measurement {
  private var values: [(name: String, value: Double)]

  init(_ values: [(name: String, value: Double)]) { self.values = values }

  /// Time on the clock and on all processors while `body` runs.
  static func of(_ body: () throws -> Void) rethrows -> Measurement {
    let (clock, processors) = (seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID))
    try body()
    return Measurement([
      ("seconds", seconds(CLOCK_MONOTONIC) - clock),
      ("cpu_seconds", seconds(CLOCK_PROCESS_CPUTIME_ID) - processors),
    ])
  }

  /// Bytes that this process has in memory: now, and at most so far.
  static func memoryOfThisProcess() -> Measurement {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let wanted = ["VmHWM": "peak_bytes", "VmRSS": "bytes", "RssAnon": "anonymous_bytes", "RssFile": "file_bytes"]
    return Measurement(
      status.split(separator: "\n").compactMap { line in
        let words = line.split { $0 == ":" || $0 == " " || $0 == "\t" }
        guard words.count == 3, let name = wanted[String(words[0])], let kilobytes = Double(words[1]) else {
          return nil
        }
        return (name, kilobytes * 1024)
      })
  }

  /// The same with one more number.
  func with(_ name: String, _ value: Int) -> Measurement { Measurement(values + [(name, Double(value))]) }

  /// One line for `command`.
  func json(_ command: String) -> String {
    #"{"command":"\#(command)","# + values.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ",") + "}"
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

/// Lets the reader of a pipe have what was printed.
func flushOutput() { _ = fflush(nil) }
