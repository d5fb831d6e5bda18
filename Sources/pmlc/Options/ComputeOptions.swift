import ArgumentParser
import PromptCache

/// How much of the machine a command may use.
struct ComputeOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp("Threads. Without it, one a core.", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads takes 1 or more") }
  }

  /// A session without a store.
  func session(_ model: LoadedModel) -> CacheSession {
    CacheSession(model: model, threads: threads, progress: ProgressDisplay().show)
  }
}
