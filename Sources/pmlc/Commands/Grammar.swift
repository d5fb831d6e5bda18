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
    let grammar = try DocumentChecker(model: model, template: template).promptGrammar(for: source).shown()
    try Results.document(grammar)
  }
}
