import ArgumentParser
import CommandSupport
import Glibc
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
      do throws(UnwrittenOutput) {
        return try reportByParser(error) { text throws(UnwrittenOutput) in try Results.text(text) }
      } catch {
        return report(error)
      }
    }
  }
}
