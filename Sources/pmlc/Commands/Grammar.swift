import ArgumentParser
import PMLCompiler
import PromptCache

struct Grammar: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the RELAX NG grammar of a schema's prompts, for XML editors.")

  @Argument(help: ArgumentHelp("A schema.", valueName: "schema"))
  var schema: String

  @OptionGroup var modelOptions: ModelOptions

  func run() throws {
    try reportingFailures {
      let inputs = Inputs(model: try modelOptions.load())
      Terminal.output.write(PML.promptGrammar(for: try inputs.schema(at: schema).schema))
    }
  }
}
