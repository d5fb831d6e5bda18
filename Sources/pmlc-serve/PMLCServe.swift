import ArgumentParser
import CommandSupport
import Glibc
import PromptCache

@main
struct PMLCServe: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pmlc serve",
    abstract: "Answer prompts over OpenAI's API.",
    discussion: """
      Requests may be chats, plain prompts, or prompts in PML on the schemas of the store, whose states are reused. It \
      listens on this machine alone unless --host says otherwise; any other address needs --keys, or --insecure where \
      something in front of it asks who is there. SIGTERM and SIGINT let requests under way end; a second one ends it at \
      once.
      """,
    version: CompiledSchema.compilerVersion)

  @OptionGroup(title: "Models") var models: ServedModelOptions
  @OptionGroup(title: "Store") var store: NamespaceInStore
  @OptionGroup(title: "Store") var storeLimit: StoreLimit
  @OptionGroup(title: "Store") var remote: RemoteOption
  @OptionGroup(title: "Network") var network: NetworkOptions
  @OptionGroup(title: "Limits") var limits: LimitOptions
  @OptionGroup(title: "Log") var log: LogOptions
  @OptionGroup var compute: ComputeOptions

  static func main() async {
    StandardStream.reserveDescriptors()
    TooFewThreads.endProcess()
    // A client that is gone is an error of the write.
    _ = signal(SIGPIPE, SIG_IGN)
    Glibc.exit(await runCommand().rawValue)
  }

  private static func runCommand() async -> ExitCode {
    do {
      try await runAsRoot()
      return .success
    } catch {
      return report(error)
    }
  }

  private static func report(_ error: any Error) -> ExitCode {
    switch error {
    case let status as ExitCode: return status
    case let error as any CategorizedError:
      Notes.error(error)
      return .notDone
    default:
      do throws(SystemFailure) {
        return try reportByParser(error) { text throws(SystemFailure) in
          try StandardStream.output.write(Array(text.utf8))
        }
      } catch {
        return .notDone
      }
    }
  }

  func validate() throws {
    if !network.isLoopback, network.keys == nil, !network.insecure {
      throw ValidationError(
        "--host \(network.host) lets other machines ask: give their keys with --keys, or say --insecure")
    }
  }

  func run() async throws {
    let logger = log.makeLogger()
    try await Serving(options: serverOptions(logger), logger: logger).run()
  }
}
