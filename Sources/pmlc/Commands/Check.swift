import ArgumentParser
import PromptCache

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find everything that is wrong with schemas and prompts.",
    discussion: """
      Prompts are checked against the schema of `--schema`, else against the one of that name among the files. With \
      `--model`, lengths in tokens and the layout are checked too.
      """)

  @Argument(help: ArgumentHelp("Schemas and prompts.", valueName: "file"))
  var files: [String]

  @Option(help: ArgumentHelp("The prompts' schema.", valueName: "file"))
  var schema: String?

  @Option(help: "How to print what is found.")
  var format: DiagnosticFormat = .text

  @Flag(help: "Check again when a file changes, or one that a schema names in `src`; Ctrl-C ends it.")
  var watch = false

  @OptionGroup var modelOptions: OptionalModelOptions

  func validate() throws {
    if watch, format != .text { throw ValidationError("--watch prints text; it does not go with --format") }
  }

  func run() throws {
    try reportingFailures {
      let (model, template) = try modelOptions.load()
      let check = CheckRequest(files: files, schema: schema, model: model, template: template)
      if watch { try CheckWatch(request: check).run() }
      let round = CheckRound(of: check)
      round.write(as: format)
      if let status = round.status { throw status }
    }
  }
}
