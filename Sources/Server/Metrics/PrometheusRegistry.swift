internal import CoreMetrics
internal import Synchronization

/// Keeps metrics, and writes them in Prometheus' text format (version 0.0.4).
///
/// Timers and recorders become histograms, of seconds and of plain numbers.
final class PrometheusRegistry: MetricsFactory {
  /// The buckets of histograms of seconds: from a token of a small model to a long prompt of a large one.
  private static let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]
  /// The buckets of other histograms.
  private static let numbers = [1.0, 4, 16, 64, 256, 1024, 4096, 16384, 65536]

  private struct Family {
    let kind: String
    /// By their dimensions.
    var series: [String: any PrometheusSeries] = [:]
  }

  private let families = Mutex<[String: Family]>([:])
  private let descriptions: [String: String]

  /// A registry without metrics.
  ///
  /// - Parameter descriptions: what metrics are, by name.
  init(descriptions: [String: String]) { self.descriptions = descriptions }

  /// All metrics.
  var text: String {
    let families = families.withLock { $0 }
    var text = ""
    for (name, family) in families.sorted(by: { $0.key < $1.key }) {
      if let description = descriptions[name] { text += "# HELP \(name) \(description)\n" }
      text += "# TYPE \(name) \(family.kind)\n"
      for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
        for line in series.lines(name, labels) { text += line + "\n" }
      }
    }
    return text
  }

  private func series<Series: PrometheusSeries>(
    _ name: String, _ dimensions: [(String, String)], kind: String, make: () -> Series
  ) -> Series {
    let labels = Self.labels(dimensions)
    return families.withLock { families in
      if let series = families[name]?.series[labels] as? Series { return series }
      let series = make()
      families[name, default: Family(kind: kind)].series[labels] = series
      return series
    }
  }

  private static func labels(_ dimensions: [(String, String)]) -> String {
    dimensions.map { name, value in
      let escaped = value.flatMap { character in
        switch character {
        case "\\": "\\\\"
        case "\"": "\\\""
        case "\n": "\\n"
        default: String(character)
        }
      }
      return "\(name)=\"\(String(escaped))\""
    }.joined(separator: ",")
  }

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series(label, dimensions, kind: "counter") { PrometheusCounter() }
  }

  func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    series(label, dimensions, kind: "counter") { PrometheusFloatingPointCounter() }
  }

  func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(label, dimensions, kind: "gauge") { PrometheusGauge() }
  }

  func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    aggregate
      ? series(label, dimensions, kind: "histogram") { PrometheusHistogram(bounds: Self.numbers) }
      : series(label, dimensions, kind: "gauge") { PrometheusGauge() }
  }

  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(label, dimensions, kind: "histogram") { PrometheusHistogram(bounds: Self.seconds) }
  }

  // Metrics live as long as the server does.
  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  func destroyMeter(_ handler: any MeterHandler) {}
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}
}
