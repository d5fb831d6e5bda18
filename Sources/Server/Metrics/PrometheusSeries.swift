internal import CoreMetrics
internal import Synchronization

/// One metric with one set of labels.
protocol PrometheusSeries: Sendable {
  /// Its lines in the text format.
  func lines(_ name: String, _ labels: String) -> [String]
}

extension PrometheusSeries {
  /// One line.
  func line(_ name: String, _ labels: String, _ value: Double) -> String {
    // Whole numbers are easier to read without a point.
    let text = Int(exactly: value).map { String($0) } ?? "\(value)"
    return labels.isEmpty ? "\(name) \(text)" : "\(name){\(labels)} \(text)"
  }
}

/// A number that grows.
final class PrometheusCounter: CounterHandler, PrometheusSeries {
  private let value = Atomic<Int64>(0)

  func increment(by amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }

  func reset() { value.store(0, ordering: .relaxed) }

  func lines(_ name: String, _ labels: String) -> [String] {
    [line(name, labels, Double(value.load(ordering: .relaxed)))]
  }
}

/// The same with fractions.
final class PrometheusFloatingPointCounter: FloatingPointCounterHandler, PrometheusSeries {
  private let value = Mutex(0.0)

  func increment(by amount: Double) { value.withLock { $0 += amount } }

  func reset() { value.withLock { $0 = 0 } }

  func lines(_ name: String, _ labels: String) -> [String] { [line(name, labels, value.withLock { $0 })] }
}

/// A number that goes up and down.
final class PrometheusGauge: MeterHandler, RecorderHandler, PrometheusSeries {
  private let value = Mutex(0.0)

  func set(_ value: Int64) { set(Double(value)) }

  func set(_ value: Double) { self.value.withLock { $0 = value } }

  func increment(by amount: Double) { value.withLock { $0 += amount } }

  func decrement(by amount: Double) { value.withLock { $0 -= amount } }

  func record(_ value: Int64) { set(value) }

  func record(_ value: Double) { set(value) }

  func lines(_ name: String, _ labels: String) -> [String] { [line(name, labels, value.withLock { $0 })] }
}

/// How often numbers were within bounds.
final class PrometheusHistogram: TimerHandler, RecorderHandler, PrometheusSeries {
  private struct State {
    /// For each bound, and for what is above all of them.
    var counts: [Int]
    var sum = 0.0
  }

  private let bounds: [Double]
  private let state: Mutex<State>

  /// - Parameter bounds: rising.
  init(bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    let index = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock { state in
      state.counts[index] += 1
      state.sum += value
    }
  }

  func lines(_ name: String, _ labels: String) -> [String] {
    let state = state.withLock { $0 }
    let separator = labels.isEmpty ? "" : ","
    var total = 0
    var lines: [String] = []
    for (count, bound) in zip(state.counts, bounds.map { "\($0)" } + ["+Inf"]) {
      total += count
      lines.append(line("\(name)_bucket", "\(labels)\(separator)le=\"\(bound)\"", Double(total)))
    }
    return lines + [line("\(name)_sum", labels, state.sum), line("\(name)_count", labels, Double(total))]
  }
}
