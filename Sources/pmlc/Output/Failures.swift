import ArgumentParser
import PromptCache

/// Runs a command's body; an error of the cache becomes one message on standard error and the exit status for it.
func reportingFailures<R>(_ body: () throws -> R) throws -> R {
  do {
    return try body()
  } catch let error as PromptCacheError {
    Terminal.error.writeLine("pmlc: error: \(error)")
    if let help = error.help { Terminal.error.writeLine("  help: \(help)") }
    throw ExitCode.notDone
  }
}
