import ArgumentParser
import CommandSupport
import Glibc
import PromptCache

@main
struct PMLC: AsyncParsableCommand {
  static let version = CompiledSchema.compilerVersion

  static let configuration = CommandConfiguration(
    commandName: "pmlc",
    abstract: "Compile prompt schemas, keep their attention states, and answer prompts from them.",
    discussion: """
      A schema (PML, an XML language) declares the parts that prompts repeat. `warm` computes the attention states of \
      these parts once, into a store on disk; `run` answers a prompt from them, and computes only what is new.
      """,
    version: version,
    subcommands: [
      Check.self, Compile.self, Inspect.self, Diff.self, Grammar.self, Warm.self, Run.self, Find.self, Audit.self,
      StoreCommand.self, Tokenize.self, Bench.self, Serve.self,
    ])

  static func main() async {
    StandardStream.reserveDescriptors()
    TooFewThreads.endProcess()
    Glibc.exit(await Interruption.run { await runCommand().rawValue })
  }

  private static func runCommand() async -> ExitCode {
    do {
      try await runAsRoot()
      return .success
    } catch {
      return report(error)
    }
  }
}
