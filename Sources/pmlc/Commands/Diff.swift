import ArgumentParser
import PMLCompiler
import PromptCache

struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what an edit costs: which encodings stay, which have to be computed anew, and why.")

  @Argument(help: ArgumentHelp("The schema as it was (or its .pmlir).", valueName: "old"))
  var old: String

  @Argument(help: ArgumentHelp("The schema as it is.", valueName: "new"))
  var new: String

  @Flag(help: "Print a JSON object in place of tables.")
  var json = false

  @Flag(help: "Exit with 1 if anything has to be computed anew.")
  var exitCode = false

  @OptionGroup var modelOptions: ModelOptions

  func run() throws {
    try reportingFailures {
      let inputs = Inputs(model: try modelOptions.load())
      let diff = SchemaDiff(
        from: try inputs.schemaOrLowered(at: old).plan, to: try inputs.schemaOrLowered(at: new).plan)
      let report = DiffReport(of: diff, formats: inputs.model.stateFormats)
      if json {
        Terminal.output.write(report.json + [UInt8(ascii: "\n")])
      } else {
        Terminal.output.write(report.text)
      }
      if exitCode, !diff.computed.isEmpty { throw ExitCode.badInput }
    }
  }
}
