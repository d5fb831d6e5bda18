import ArgumentParser
import PMLCompiler
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

  @Option(help: "How to print what is found: text, json, sarif or github.")
  var format: DiagnosticFormat = .text

  @OptionGroup var modelOptions: ModelOptions

  func run() throws {
    try reportingFailures {
      let model = try modelOptions.model == nil ? nil : modelOptions.load()
      let sources = try files.map(Inputs.read)
      let results = DocumentChecker(model: model).check(sources, schema: try schema.map(Inputs.read))
      let diagnostics = results.flatMap(\.diagnostics)
      format.write(diagnostics, sources: results.map(\.source))
      if diagnostics.contains(where: { $0.severity == .error }) { throw ExitCode.badInput }
    }
  }
}
