import ArgumentParser
import CommandSupport
import PromptCache

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find everything that is wrong with schemas and prompts.",
    discussion: """
      Prompts are checked against the schema of `--schema`, else against the one of that name among the files. With \
      `--model`, lengths in tokens and the layout are checked too.
      """)

  @Argument(help: ArgumentHelp("Schemas and prompts.", valueName: "file"))
  var files: [FilePath]

  @Option(parsing: .unconditional, help: ArgumentHelp("The prompts' schema.", valueName: "file"))
  var schema: FilePath?

  @Option(help: "How to print what is found.")
  var format: DiagnosticFormat = .text

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
    let request = CheckRequest(files: files, schema: schema, model: model, template: template)
    if watch { try CheckWatch(request: request).run() }
    let round = CheckRound(of: request)
    try round.write(as: format)
    if let status = round.status { throw status }
  }
}
