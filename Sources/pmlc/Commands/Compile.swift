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
      var bytes: [UInt8] = []
      var status: ExitCode?
      for path in schemas {
        do {
          bytes += try inputs.schema(at: path).compiled.encoded + [UInt8(ascii: "\n")]
        } catch let failure as ExitCode {
          // What is wrong with the others is wanted too.
          status = status == .notDone ? status : failure
        }
      }
      if let status { throw status }
      guard let output else { return Terminal.output.write(bytes) }
      try write(bytes, to: output)
    }
  }
}
