import ArgumentParser
import PromptCache

struct Compile: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lower schemas and lay them out for a model.",
    discussion: """
      Writes one JSON document a schema, a line each, in one canonical form: the same input gives the same bytes on any \
      machine.
      """)

  @Argument(help: ArgumentHelp("Schemas.", valueName: "schema"))
  var schemas: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write; standard output without it.", valueName: "file"))
  var output: String?

  @OptionGroup var modelOptions: ModelOptions

  func run() throws {
    try reportingFailures {
      let schemas = try Documents.schemas(schemas, for: modelOptions.load())
      let bytes = schemas.flatMap { $0.compiled.encoded + [UInt8(ascii: "\n")] }
      guard let output else { return Terminal.output.write(bytes) }
      try write(bytes, to: output)
    }
  }
}
