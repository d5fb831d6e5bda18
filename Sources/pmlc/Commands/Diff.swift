import ArgumentParser
import CommandSupport
import PromptCache

struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what an edit costs: which encodings stay, which have to be computed anew, and why.")

  @Argument(help: ArgumentHelp("The schema as it was (or its .pmlir).", valueName: "old"))
  var old: FilePath

  @Argument(help: ArgumentHelp("The schema as it is.", valueName: "new"))
  var new: FilePath

  @Flag(help: "Print a JSON object in place of tables.")
  var json = false

  @Flag(help: "Exit with 1 if anything has to be computed anew.")
  var exitCode = false

  @OptionGroup var modelOptions: ModelOptions

  func validate() throws { try [old, new].validateInputs() }

  func run() throws {
    let model = try modelOptions.load()
    let plans = try [old, new].map { try model.compile(schemaOrLowered: SourceFile.read($0)).shown().plan }
    let diff = SchemaDiff(from: plans[0], to: plans[1])
    let report = DiffReport(of: diff, formats: model.stateFormats)
    if json {
      try Results.json(report.json + [UInt8(ascii: "\n")])
    } else {
      try Results.text(report.text)
    }
    if exitCode, !diff.computed.isEmpty { throw ExitCode.badInput }
  }
}
