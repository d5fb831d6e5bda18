import ArgumentParser
import CommandSupport
import PromptCache

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a schema's layout: positions, tokens, contexts, bytes. Or what a model is.",
    discussion: """
      With a model alone: its family, sizes, number formats, context, chat template and how its parts were found, and the \
      bytes that a token's states take. Its weights are not read.
      """)

  @Argument(
    help: ArgumentHelp(
      "A schema, or what `compile` made of one (.pmlir). Without it, the model of --model.", valueName: "schema"))
  var schema: FilePath?

  @Flag(help: "Print a JSON object in place of tables.")
  var json = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Also write a page that draws the layout; `-` prints it in place of the tables.", valueName: "file"))
  var html: FilePath?

  @Flag(help: "Also list the joint encodings that the store has of prompts of this schema.")
  var joint = false

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var storeOptions: NamespaceInStore

  func validate() throws {
    if json, html?.isStandardStream == true { throw ValidationError("--json does not go with --html -") }
    guard schema == nil else { return }
    if joint { throw ValidationError("--joint is about a schema's prompts: name the schema") }
    if html != nil { throw ValidationError("--html draws a schema's layout: name the schema") }
    if modelOptions.model == nil { throw ValidationError("name a schema, or a model with --model") }
  }

  func run() throws {
    let model = try modelOptions.load()
    guard let schema else { return try show(model.report()) }
    try show(schema, for: model)
  }

  private func show(_ report: ModelReport) throws {
    if json { try Results.json(report) } else { try Results.text(report.text) }
  }

  private func show(_ schema: FilePath, for model: LoadedModel) throws {
    let schema = try model.compile(schemaOrLowered: SourceFile.read(schema)).shown()
    var report = LayoutReport(of: schema.schema, plan: schema.plan, formats: model.stateFormats)
    let combinations = joint ? try combinations(of: schema, for: model) : []
    if joint { report.joint = combinations.map(\.inReport) }
    if let html {
      try write(report.html, to: html)
      if html.isStandardStream { return }
    }
    if json {
      try Results.json(report.json + [UInt8(ascii: "\n")])
    } else {
      try Results.text(report.text)
      if joint { try Results.text("\n" + (combinations.isEmpty ? "no joint encodings\n" : combinations.table.text)) }
    }
  }

  /// What the store has, if there is one.
  private func combinations(of schema: PlannedSchema, for model: LoadedModel) throws -> [JointCombination] {
    let session = try storeOptions.session(model, access: .readingIfThere)
    return try session.jointCombinations(of: schema.name)
  }
}
