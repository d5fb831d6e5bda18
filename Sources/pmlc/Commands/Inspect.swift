import ArgumentParser
import PMLCompiler
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
      let inputs = Inputs(model: try modelOptions.load())
      let schema = try inputs.schemaOrLowered(at: schema)
      let report = LayoutReport(of: schema.schema, plan: schema.plan, formats: inputs.model.stateFormats)
      if let html { try write(report.html, to: html) }
      if json {
        Terminal.output.write(report.json + [UInt8(ascii: "\n")])
      } else {
        Terminal.output.write(report.text)
      }
    }
  }
}
