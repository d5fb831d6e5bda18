import ArgumentParser
import PMLCompiler
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
      let inputs = Inputs(model: try modelOptions.load())
      let lowered = try schemas.map { try inputs.schema(at: $0).compiled.encoded + [UInt8(ascii: "\n")] }
      let bytes = Array(lowered.joined())
      guard let output else { return Terminal.output.write(bytes) }
      try write(bytes, to: output)
    }
  }
}
