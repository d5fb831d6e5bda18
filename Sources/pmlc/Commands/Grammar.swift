import ArgumentParser
import CommandSupport
import PromptCache

struct Grammar: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the RELAX NG grammar of a schema's prompts, for XML editors.")

  @Argument(help: ArgumentHelp("A schema.", valueName: "schema"))
  var schema: FilePath

  @OptionGroup var modelOptions: OptionalModelOptions

  func run() throws {
    let source = try SourceFile.read(schema)
    // Lengths do not show in a grammar: without a model, a schema may be as long as it likes.
    let (model, template) = try modelOptions.load()
    let schema = try DocumentChecker(model: model, template: template).compile(schema: source).shown()
    try Results.document(PML.promptGrammar(for: schema))
  }
}
