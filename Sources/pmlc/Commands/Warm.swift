import ArgumentParser
import PromptCache

struct Warm: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compute the states of schemas that the store lacks, and record a version of each.",
    discussion: """
      May be stopped at any time: what was computed stays, and the next run goes on from there. Nothing that is in the \
      store already is computed again.
      """)

  @Argument(help: ArgumentHelp("Schemas.", valueName: "schema"))
  var schemas: [FilePath]

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

  func validate() throws { try schemas.validateInputs() }

  func run() throws {
    let model = try modelOptions.load(weights: weightOptions.weights)
    let planned = try Documents.schemas(schemas, for: model)
    let session = try storeOptions.session(
      model, access: dryRun ? .readingIfThere : .writing, limit: storeLimit, threads: computeOptions.threads)
    for schema in planned {
      try show(dryRun ? session.forecast(schema, as: kv) : session.warm(schema, as: kv).report)
    }
  }

  private func show(_ report: WarmReport?) throws {
    guard let report else { return }
    if json {
      try Results.json(report)
    } else {
      try Results.line(summary(of: report))
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
