import ArgumentParser
import Foundation
import PromptCache

/// How `check` prints what it finds.
enum DiagnosticFormat: String, CaseIterable, ExpressibleByArgument {
  case text, json, sarif, github

  /// Writes diagnostics: text, which is for people, to standard error, and what programs read to standard output.
  ///
  /// - Parameter failures: documents that could not be read, for the format that has a place for them.
  func write(_ diagnostics: [Diagnostic], failures: [(path: String, error: FileError)], sources: [SourceFile]) {
    switch self {
    case .text:
      DiagnosticOutput(sources: sources).show(diagnostics)
    case .json:
      Terminal.output.write(JSONRenderer.render(diagnostics))
    case .sarif:
      let folder = FileManager.default.currentDirectoryPath
      let renderer = SARIFRenderer(sources: sources, folder: folder, version: PMLC.version)
      let unread = failures.map { SARIFRenderer.Failure(file: $0.path, message: $0.error.description) }
      Terminal.output.write(renderer.render(diagnostics, failures: unread))
    case .github:
      Terminal.output.write(GitHubRenderer.render(diagnostics))
    }
  }
}
