import ArgumentParser
import CommandSupport
import PromptCache

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find everything that is wrong with schemas and prompts.",
    discussion: """
      Prompts are checked against the schema of `--schema`, else against the one of that name among the files. With \
      `--model`, lengths in tokens and the layout are checked too (`--model demo`: those of the model that ships). Of a \
      folder, all files in it and below it whose names end in `.pml`.
      """)

  @Argument(help: ArgumentHelp("Schemas and prompts, or folders that hold them.", valueName: "file"))
  var files: [FilePath]

  @Option(parsing: .unconditional, help: ArgumentHelp("The prompts' schema.", valueName: "file"))
  var schema: FilePath?

  @OptionGroup var askOption: AskOption

  @Option(help: "How to print what is found.")
  var format: DiagnosticFormat = .text

  @Option(
    help: ArgumentHelp("A code whose warnings are not wanted; may be given again. Errors stay.", valueName: "code"))
  var ignore: [WarningCode] = []

  @Flag(help: "Let warnings fail the check: exit with 1 where there is one.")
  var denyWarnings = false

  @Flag(name: [.short, .long], help: "Print errors alone, and no count.")
  var quiet = false

  @Flag(help: "Check again when a file changes, or one that a schema names in `src`; Ctrl-C ends it.")
  var watch = false

  @OptionGroup var modelOptions: OptionalModelOptions

  func validate() throws {
    let inputs = files + [schema].compactMap { $0 }
    try inputs.validateInputs()
    guard watch else { return }
    if format != .text { throw ValidationError("--watch prints text; it does not go with --format") }
    if inputs.contains(where: \.isStandardStream) { throw ValidationError("--watch does not go with standard input") }
  }

  func run() throws {
    let (model, template) = try modelOptions.load()
    let request = CheckRequest(
      files: files, schema: schema, model: model, template: template, turns: askOption.turns,
      ignored: Set(ignore.map(\.code)), deniesWarnings: denyWarnings, isQuiet: quiet)
    if watch { try CheckWatch(request: request).run() }
    let round = CheckRound(of: request)
    try round.write(as: format)
    // What one document has can be seen.
    if format == .text, !quiet, round.documentCount > 1 {
      Notes.line("\(round.documentCount) documents checked: \(round.findings)")
    }
    if let status = round.status { throw status }
  }
}

/// The code of a warning.
struct WarningCode: ExpressibleByArgument {
  let code: Diagnostic.Code

  init?(argument: String) {
    code = Diagnostic.Code(rawValue: argument)
    guard code.isKnown, code.isWarning else { return nil }
  }
}
