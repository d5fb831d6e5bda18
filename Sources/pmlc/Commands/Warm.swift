import ArgumentParser
import CommandSupport
import PromptCache

struct Warm: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compute the states of schemas that the store lacks, and record a version of each.",
    discussion: """
      May be stopped at any time: what was computed stays, and the next run goes on from there. Nothing that is in the \
      store already is computed again.

      With `--joint`, the states that prompts like the given ones have of their own are made too: what stands in front of \
      their last new text is computed as plain inference does it, and kept beside the version, so that any prompt with the \
      same modules and arguments answers as without the cache.
      """)

  @Argument(help: ArgumentHelp("Schemas.", valueName: "schema"))
  var schemas: [FilePath]

  @Option(help: "How states are kept: f32, f16 at half the size, or q8 at a quarter.")
  var kv: KVElement = .f16

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A prompt of one of the schemas, whose joint encodings are made as well; may be given several times.",
      valueName: "prompt"))
  var joint: [FilePath] = []

  @OptionGroup var askOption: AskOption

  @Flag(help: "Say what would be fetched and computed, and do neither.")
  var dryRun = false

  @Flag(help: "Print one JSON object a schema, a line each.")
  var json = false

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var storeOptions: NamespaceInStore
  @OptionGroup var storeLimit: StoreLimit
  @OptionGroup var remoteOption: RemoteOption
  @OptionGroup var weightOptions: WeightOptions
  @OptionGroup var computeOptions: ComputeOptions

  func validate() throws {
    try (schemas + joint).validateInputs()
    if askOption.ask != nil, joint.isEmpty { throw ValidationError("--ask is for the prompts of --joint: name one") }
  }

  func run() throws {
    let model = try modelOptions.load(weights: weightOptions.weights)
    let session = try storeOptions.session(
      model, access: dryRun ? .readingIfThere : .writing, limit: storeLimit, remote: remoteOption.store(),
      threads: computeOptions.threads)
    let planned = try Documents.schemas(schemas, in: session)
    let prompts = try joint.map { try prompt($0, of: planned, model) }
    for (path, schema) in zip(schemas, planned) {
      try show(warm(schema, at: path, with: prompts.filter { $0.schema == schema.name }.map(\.prompt), in: session))
    }
  }

  /// Compiles a prompt for the one of the schemas that it names.
  private func prompt(
    _ path: FilePath, of schemas: [PlannedSchema], _ model: LoadedModel
  ) throws -> (schema: String, prompt: PlannedPrompt) {
    let source = try SourceFile.read(path)
    let name = try model.schemaName(of: source).shown()
    guard let schema = schemas.first(where: { $0.name == name }) ?? schemas.first else { throw ExitCode.badInput }
    // One that is for another schema is told so.
    return (schema.name, try model.compile(prompt: source, of: schema, turns: askOption.turns).shown())
  }

  private func warm(
    _ schema: PlannedSchema, at path: FilePath, with prompts: [PlannedPrompt], in session: CacheSession
  ) throws -> WarmReport? {
    if dryRun {
      if !json { try explain(schema, in: session) }
      var report = try session.forecast(schema, as: kv, askingRemote: true)
      if !prompts.isEmpty {
        report.joint = try session.forecastJoint(
          for: prompts, of: session.schema(schema, as: kv), askingRemote: true)
      }
      return report
    }
    let warmed = try session.warm(schema, as: kv)
    if let files = DocumentFiles.of(schemaAt: path) { session.noteSources(files, of: warmed) }
    var report = warmed.report
    if !prompts.isEmpty { report?.joint = try session.makeJoint(for: prompts, of: warmed) }
    return report
  }

  /// Says why states are to be computed, where the store has a version to compare with.
  private func explain(_ schema: PlannedSchema, in session: CacheSession) throws {
    guard let newest = try session.newestVersion(of: schema.name, as: kv) else { return }
    let diff = SchemaDiff(from: newest.schema.plan, to: schema.plan)
    guard !diff.computed.isEmpty else { return }
    let report = DiffReport(of: diff, formats: session.model.stateFormats)
    try Results.text(report.text + "\n")
    for line in report.advice { Notes.line("help: \(line)") }
  }

  private func show(_ report: WarmReport?) throws {
    guard let report else { return }
    if json {
      try Results.json(report)
    } else {
      try Results.line(summary(of: report))
      if let joint = report.joint {
        try Results.line(summary(of: joint, of: report.schema, isForecast: report.version == nil))
      }
    }
  }

  private func summary(of report: WarmReport) -> String {
    let fetched =
      report.encodings.fetched.map { count in
        "\(count) \(report.version == nil ? "to fetch" : "fetched")"
          + (count > 0 ? " (\(formatted(bytes: report.bytesFetched ?? 0))), " : ", ")
      } ?? ""
    let counts = "\(report.encodings.reused) reused, \(fetched)\(report.encodings.computed) "
    let written = "\(report.tokensComputed) tokens, \(formatted(bytes: report.bytesWritten))"
    guard let version = report.version else { return "\(report.schema): \(counts)to compute (\(written))" }
    return "\(report.schema): version \(version), encodings: \(counts)computed (\(written), "
      + "\(formatted(seconds: report.seconds)))" + (report.remote.map(summary) ?? "")
  }

  private func summary(of remote: RemoteReport) -> String {
    guard let version = remote.version else { return "; not published" }
    return "; published as version \(version), \(formatted(bytes: remote.bytesPut)) put"
  }

  private func summary(of joint: JointReport, of schema: String, isForecast: Bool) -> String {
    "\(schema): joint encodings of \(joint.combinations) combinations: \(joint.reused) reused, "
      + (joint.fetched.map { "\($0) \(isForecast ? "to fetch" : "fetched"), " } ?? "") + "\(joint.computed) "
      + (isForecast ? "to compute" : "computed")
      + " (\(joint.tokensComputed) tokens, \(formatted(bytes: joint.bytesWritten))"
      + (isForecast ? ")" : ", \(formatted(seconds: joint.seconds)))")
  }
}
