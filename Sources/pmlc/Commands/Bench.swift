import ArgumentParser
import CommandSupport
import Foundation
import PromptCache

struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure, on this machine, what the cache saves.",
    discussion: """
      Warms passages of text in a store of its own, which it removes, and takes the time to the first token with and \
      without their states, the speed of decoding, and how fast the store finds states. Times are medians.
      """)

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Tokens in the store; may be given several times.", valueName: "n"))
  var cached: [Int] = []

  @Option(parsing: .unconditional, help: ArgumentHelp("Tokens that are new.", valueName: "n"))
  var new = 64

  @Option(parsing: .unconditional, help: ArgumentHelp("How often each time is taken.", valueName: "n"))
  var repeats = 5

  @Option(help: "How states are kept: f32, f16 or q8.")
  var kv: KVElement = .f16

  @Flag(help: "Print one JSON object a measurement, a line each.")
  var json = false

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var weightOptions: WeightOptions
  @OptionGroup var computeOptions: ComputeOptions

  private static let usualSizes = [512, 1024, 2048, 4096]
  /// Room for what is decoded, and a template's tokens.
  private static let reserve = 64

  func validate() throws {
    if cached.contains(where: { $0 < 1 }) { throw ValidationError("--cached takes 1 or more") }
    if new < 1 { throw ValidationError("--new takes 1 or more") }
    if repeats < 1 { throw ValidationError("--repeats takes 1 or more") }
  }

  func run() async throws {
    let model = try modelOptions.load(weights: weightOptions.weights)
    let store = TemporaryStore()
    defer { store.remove() }
    Interruption.cancelsWork()
    let session = try CacheSession(
      model: model, storeAt: store.path, threads: computeOptions.threads,
      progress: ProgressDisplay().show)
    let benchmark = CacheBenchmark(session, element: kv, repeats: repeats)
    var reports: [BenchmarkReport] = []
    for size in sizes(for: model) {
      var line = ProgressLine()
      defer { line.clear() }
      let report = try await benchmark.measure(cached: size, new: new) { done, total in
        line.draw(Double(done) / Double(total), "\(size) tokens: \(done) of \(total) measurements")
      }
      if json { try Results.json(report) }
      reports.append(report)
    }
    if !json { try Results.text(table(reports)) }
  }

  /// What was asked for, else what fits the model of the usual sizes.
  private func sizes(for model: LoadedModel) -> [Int] {
    guard cached.isEmpty else { return cached }
    let room = model.configuration.contextLength - new - Self.reserve
    let fitting = Self.usualSizes.filter { $0 <= room }
    return fitting.isEmpty ? [max(room, 1)] : fitting
  }

  private func table(_ reports: [BenchmarkReport]) -> String {
    var table = Table([
      "CACHED", "NEW", "FIRST TOKEN", "WITHOUT", "RATIO", "DECODING", "WARMING", "STATES", "FOUND FIRST", "AGAIN",
    ])
    for report in reports {
      table.append([
        "\(report.cachedTokens)", "\(report.computedTokens)", milliseconds(report.cachedTTFT),
        milliseconds(report.fullTTFT), String(format: "%.1f", report.speedup),
        String(format: "%.0f tokens/s", report.decodeTokensPerSecond),
        String(format: "%.0f tokens/s", report.warmTokensPerSecond), formatted(bytes: report.store.bytes),
        milliseconds(report.store.firstLookup), milliseconds(report.store.lookup),
      ])
    }
    return table.text
  }

  private func milliseconds(_ value: Double) -> String { String(format: "%.*f ms", value < 10 ? 2 : 0, value) }
}
