import ArgumentParser
import PromptCache
import Store

/// Runs a command's body; an error of the cache becomes one message on standard error and the exit status for it.
func reportingFailures<R>(_ body: () throws -> R) throws -> R {
  do {
    return try body()
  } catch let error as PromptCacheError {
    throw reported(error)
  }
}

/// Runs a command's body; an error of the cache becomes one message on standard error and the exit status for it.
func reportingFailures<R>(_ body: () async throws -> R) async throws -> R {
  do {
    return try await body()
  } catch let error as PromptCacheError {
    throw reported(error)
  }
}

private func reported(_ error: PromptCacheError) -> ExitCode {
  Terminal.error.writeLine("pmlc: error: \(error)")
  if let help = error.help { Terminal.error.writeLine("  help: \(help)") }
  return .notDone
}

/// Runs `body` with its error as one of the cache's.
func reportingStoreFailures<R>(_ body: () throws(StoreError) -> R) throws(PromptCacheError) -> R {
  do throws(StoreError) { return try body() } catch { throw .store(error) }
}
