import ArgumentParser
import PromptCache

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a schema's layout: positions, tokens, contexts, bytes.")

  @Argument(help: ArgumentHelp("A schema, or what `compile` made of one (.pmlir).", valueName: "schema"))
  var schema: String

  @Flag(help: "Print a JSON object in place of tables.")
  var json = false

  @Option(help: ArgumentHelp("Also write a page that draws the layout.", valueName: "file"))
  var html: String?

  @OptionGroup var modelOptions: ModelOptions

  func run() throws {
    try reportingFailures {
      let model = try modelOptions.load()
      let schema = try model.compile(schemaOrLowered: Documents.read(schema)).shown()
      let report = LayoutReport(of: schema.schema, plan: schema.plan, formats: model.stateFormats)
      if let html { try write(report.html, to: html) }
      if json {
        Terminal.output.write(report.json + [UInt8(ascii: "\n")])
      } else {
        Terminal.output.write(report.text)
      }
    }
  }
}
