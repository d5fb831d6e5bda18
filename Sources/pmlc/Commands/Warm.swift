import ArgumentParser
import Engine
import KVCacheFormat
import PMLCompiler
import PromptCache

struct Warm: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compute the states of schemas that the store lacks, and record a version of each.",
    discussion: """
      May be stopped at any time: what was computed stays, and the next run goes on from there. Nothing that is in the \
      store already is computed again.
      """)

  @Argument(help: ArgumentHelp("Schemas.", valueName: "schema"))
  var schemas: [String]

  @Option(help: "How states are kept: f32, f16 at half the size, or q8 at a quarter.")
  var kv: KVElement = .f16

  @Flag(help: "Say what would be computed, and compute nothing.")
  var dryRun = false

  @Flag(help: "Print one JSON object a schema, a line each.")
  var json = false

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var storeOptions: NamespaceInStore
  @OptionGroup var storeLimit: StoreLimit
  @OptionGroup var weightOptions: WeightOptions
  @OptionGroup var computeOptions: ComputeOptions

  func run() throws {
    try reportingFailures {
      let inputs = Inputs(model: try modelOptions.load(weights: weightOptions.weights))
      let prepared = try schemas.map(inputs.schema(at:))
      try dryRun ? forecast(prepared, for: inputs.model) : warm(prepared, for: inputs.model)
    }
  }

  private func warm(_ schemas: [PlannedSchema], for model: LoadedModel) throws {
    // A model that cannot be loaded shall leave no store behind.
    if try storeOptions.openIfThere() == nil { try model.checkWeights() }
    let store = try storeOptions.open(for: .creating, limit: storeLimit)
    let fingerprint = try model.fingerprintShowingProgress(rememberedIn: store)
    let warmer = Warmer(model: model, fingerprint: fingerprint, store: store, element: kv)
    var loaded: InferenceEngine?
    func engine() throws(PromptCacheError) -> InferenceEngine {
      if let loaded { return loaded }
      let engine = try computeOptions.engine(of: model, keptBeside: (store, fingerprint))
      loaded = engine
      return engine
    }
    for schema in schemas {
      var line = ProgressLine()
      let report = try warmer.warm(schema, engine: engine) { progress in
        line.draw(progress, of: schema.schema.name)
      }
      line.clear()
      try show(report)
    }
  }

  private func forecast(_ schemas: [PlannedSchema], for model: LoadedModel) throws {
    let store = try storeOptions.openIfThere()
    let fingerprint = try model.fingerprintShowingProgress(rememberedIn: store)
    for schema in schemas {
      try show(.forecast(schema, model: model, fingerprint: fingerprint, store: store, element: kv))
    }
  }

  private func show(_ report: WarmReport) throws {
    if json {
      Terminal.output.writeLine(try jsonLine(report))
    } else {
      Terminal.output.writeLine(summary(of: report))
    }
  }

  private func summary(of report: WarmReport) -> String {
    let counts = "\(report.encodings.reused) reused, \(report.encodings.computed) "
    guard let version = report.version else {
      return
        "\(report.schema): \(counts)to compute (\(report.tokensComputed) tokens, \(formatted(bytes: report.bytesWritten)))"
    }
    return "\(report.schema): version \(version), encodings: \(counts)computed "
      + "(\(report.tokensComputed) tokens, \(formatted(bytes: report.bytesWritten)), \(formatted(seconds: report.seconds)))"
  }
}

extension ProgressLine {
  fileprivate mutating func draw(_ progress: WarmProgress, of schema: String) {
    draw(
      Double(progress.tokensDone) / Double(max(progress.tokensTotal, 1)),
      "\(schema): \(progress.tokensDone) of \(progress.tokensTotal) tokens, \(Int(progress.tokensPerSecond)) a second, "
        + "\(formatted(seconds: progress.secondsLeft)) left")
  }
}
