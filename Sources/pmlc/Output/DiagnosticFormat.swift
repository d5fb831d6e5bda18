import ArgumentParser
import Foundation
import PromptCache

/// How `check` prints what it finds.
enum DiagnosticFormat: String, CaseIterable, ExpressibleByArgument {
  case text, json, sarif, github

  /// GitHub's runners say where they checked the repository out.
  private static var paths: ReportPaths {
    let workspace = ProcessInfo.processInfo.environment["GITHUB_WORKSPACE"].map { FilePath($0) }
    return ReportPaths(workspace: workspace.flatMap { $0.isAbsolute ? $0 : nil })
  }

  /// Writes diagnostics: text, which is for people, to standard error, and what programs read to standard output.
  ///
  /// - Parameter failures: documents that could not be read, for the format that has a place for them.
  func write(_ diagnostics: [Diagnostic], failures: [SourceFileError], sources: [SourceFile]) {
    switch self {
    case .text:
      DiagnosticOutput(sources: sources).show(diagnostics)
    case .json:
      Terminal.output.write(JSONRenderer.render(diagnostics))
    case .sarif:
      let renderer = SARIFRenderer(sources: sources, paths: Self.paths, version: PMLC.version)
      let unread = failures.map { SARIFRenderer.Failure(file: $0.file, message: $0.reason) }
      Terminal.output.write(renderer.render(diagnostics, failures: unread))
    case .github:
      Terminal.output.write(GitHubRenderer.render(diagnostics, paths: Self.paths))
    }
  }
}
