import ArgumentParser
import PromptCache

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a schema's layout: positions, tokens, contexts, bytes.")

  @Argument(help: ArgumentHelp("A schema, or what `compile` made of one (.pmlir).", valueName: "schema"))
  var schema: FilePath

  @Flag(help: "Print a JSON object in place of tables.")
  var json = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Also write a page that draws the layout; `-` prints it in place of the tables.", valueName: "file"))
  var html: FilePath?

  @OptionGroup var modelOptions: ModelOptions

  func validate() throws {
    if json, html?.isStandardStream == true { throw ValidationError("--json does not go with --html -") }
  }

  func run() throws {
    let model = try modelOptions.load()
    let schema = try model.compile(schemaOrLowered: SourceFile.read(schema)).shown()
    let report = LayoutReport(of: schema.schema, plan: schema.plan, formats: model.stateFormats)
    if let html {
      try write(report.html, to: html)
      if html.isStandardStream { return }
    }
    if json {
      try Results.json(report.json + [UInt8(ascii: "\n")])
    } else {
      try Results.text(report.text)
    }
  }
}
