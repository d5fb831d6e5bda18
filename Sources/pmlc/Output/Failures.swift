import ArgumentParser
import PromptCache

extension ExitCode {
  /// The input has errors, or damage was found.
  static let badInput = ExitCode(1)
  /// It could not be carried out: I/O, model, store.
  static let notDone = ExitCode(2)
}

/// Runs a command's body; a failure becomes one message on standard error and the exit status for it.
func reportingFailures<R>(_ body: () throws -> R) throws -> R {
  do {
    return try body()
  } catch {
    throw reported(error)
  }
}

/// Runs a command's body; a failure becomes one message on standard error and the exit status for it.
func reportingFailures<R>(_ body: () async throws -> R) async throws -> R {
  do {
    return try await body()
  } catch {
    throw reported(error)
  }
}

/// The exit status for an error that the libraries explain, after its message; any other error as it is.
private func reported(_ error: any Error) -> any Error {
  guard let error = error as? any CategorizedError else { return error }
  Terminal.error.writeLine("pmlc: error: \(error.message)")
  if let help = help(for: error) { Terminal.error.writeLine("  help: \(help)") }
  if case PromptCacheError.unusableLoweredSchema = error { return ExitCode.badInput }
  return ExitCode.notDone
}
