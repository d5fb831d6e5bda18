import ArgumentParser
import PMLCompiler

/// How `check` prints what it finds.
enum DiagnosticFormat: String, CaseIterable, ExpressibleByArgument {
  case text

  /// Writes diagnostics: for people to standard error, for programs to standard output.
  func write(_ diagnostics: [Diagnostic], sources: [SourceFile]) {
    switch self {
    case .text: DiagnosticOutput(sources: sources).show(diagnostics)
    }
  }
}
