package import ArgumentParser
package import PromptCache

/// How much of the machine a command may use.
package struct ComputeOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp("Threads. Without it, one a core.", valueName: "n"))
  package var threads: Int?

  package init() {}

  package func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads takes 1 or more") }
  }

  /// A session without a store.
  package func session(_ model: LoadedModel) -> CacheSession {
    CacheSession(model: model, threads: threads, progress: ProgressDisplay().show)
  }
}
