import ArgumentParser
import Glibc
import CommandSupport
import PromptCache

extension PMLC {
  /// Says why a command ended early.
  ///
  /// - Returns: the exit status.
  static func report(_ error: any Error) -> ExitCode {
    switch error {
    case let status as ExitCode:
      return status
    case let output as UnwrittenOutput where output.isClosedPipe:
      Interruption.end(by: SIGPIPE)
    case PromptCacheError.invalidDocument(let source, let diagnostics):
      Notes.show(diagnostics, of: [source])
      return .badInput
    case let error as any CategorizedError:
      if error.category == .cancelled, let signal = Interruption.signal { Interruption.end(by: signal) }
      Notes.error(error)
      if case PromptCacheError.unusableLoweredSchema = error { return .badInput }
      return .notDone
    default:
      return reportByParser(error)
    }
  }

  /// Help and usage errors are the parser's; so are errors that nobody has words for.
  private static func reportByParser(_ error: any Error) -> ExitCode {
    let message = fullMessage(for: error)
    let status = exitCode(for: error)
    guard status.isSuccess else {
      Notes.usage(RawArguments.shown(message))
      return status == .failure ? .notDone : status
    }
    do throws(UnwrittenOutput) {
      try Results.text(message + "\n")
      return status
    } catch {
      return report(error)
    }
  }
}
