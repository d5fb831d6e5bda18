import ArgumentParser
import PMLCompiler
import PromptCache

struct Grammar: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the RELAX NG grammar of a schema's prompts, for XML editors.")

  @Argument(help: ArgumentHelp("A schema.", valueName: "schema"))
  var schema: String

  @OptionGroup var modelOptions: OptionalModelOptions

  func run() throws {
    try reportingFailures {
      let source = try Inputs.read(schema)
      // Lengths do not show in a grammar: without a model, a schema may be as long as it likes.
      let (model, template) = try modelOptions.load()
      let checker = DocumentChecker(model: model, template: template)
      let (compiled, diagnostics) = checker.compile(schema: source)
      DiagnosticOutput(sources: [source]).show(diagnostics)
      guard let compiled else { throw ExitCode.badInput }
      Terminal.output.write(PML.promptGrammar(for: compiled))
    }
  }
}
