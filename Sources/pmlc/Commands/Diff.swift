import ArgumentParser
import CommandSupport
import PromptCache

struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what an edit costs: which encodings stay, which have to be computed anew, and why.",
    discussion:
      "Of one schema: what it costs since the newest version in the store was recorded, by the texts that it has.")

  @Argument(
    help: ArgumentHelp(
      "The schema as it was (or its .pmlir), if it is not to be the one in the store.", valueName: "old"))
  var old: FilePath

  @Argument(help: ArgumentHelp("The schema as it is.", valueName: "new"))
  var new: FilePath?

  @Flag(help: "Print a JSON object in place of tables.")
  var json = false

  @Flag(help: "Exit with 1 if anything has to be computed anew.")
  var exitCode = false

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var storeOptions: NamespaceInStore

  func validate() throws { try [old, new].compactMap { $0 }.validateInputs() }

  func run() throws {
    let model = try modelOptions.load()
    let after = try model.compile(schemaOrLowered: SourceFile.read(new ?? old)).shown()
    let before =
      try new == nil ? stored(after.name, model) : model.compile(schemaOrLowered: SourceFile.read(old)).shown()
    let report = DiffReport(
      of: SchemaDiff(from: before.plan, to: after.plan),
      documents: LibraryDiff(from: try before.allDocuments(), to: try after.allDocuments()),
      formats: model.stateFormats)
    if json {
      try Results.json(report.json + [UInt8(ascii: "\n")])
    } else {
      try Results.text(report.text)
      for line in report.advice { Notes.line("help: \(line)") }
    }
    if exitCode, report.costsSomething { throw ExitCode.badInput }
  }

  /// The newest version that the store has.
  private func stored(_ name: String, _ model: LoadedModel) throws -> PlannedSchema {
    try storeOptions.session(model, access: .reading).schema(named: name).schema
  }
}
