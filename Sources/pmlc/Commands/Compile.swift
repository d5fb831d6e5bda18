import ArgumentParser
import CommandSupport
import PromptCache

struct Compile: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lower schemas and lay them out for a model.",
    discussion: """
      Writes one JSON document a schema, a line each, in one canonical form: the same input gives the same bytes on any \
      machine.
      """)

  @Argument(help: ArgumentHelp("Schemas.", valueName: "schema"))
  var schemas: [FilePath]

  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: ArgumentHelp("Where to write; `-` is standard output.", valueName: "file"))
  var output: FilePath = "-"

  @OptionGroup var modelOptions: ModelOptions

  func validate() throws { try schemas.validateInputs() }

  func run() throws {
    let schemas = try Documents.schemas(schemas, for: modelOptions.load())
    let bytes = schemas.flatMap { $0.lowered + [UInt8(ascii: "\n")] }
    if output.isStandardStream { try Results.json(bytes) } else { try write(bytes, to: output) }
  }
}
