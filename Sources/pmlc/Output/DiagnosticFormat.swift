import ArgumentParser
import CommandSupport
import PromptCache

/// How `check` prints what it finds.
enum DiagnosticFormat: String, CaseIterable, ExpressibleByArgument {
  case text, json, sarif, github

  /// GitHub's runners say where they checked the repository out.
  private static var paths: ReportPaths {
    let workspace = environmentVariable("GITHUB_WORKSPACE")
    return ReportPaths(workspace: workspace.flatMap { $0.isAbsolute ? $0 : nil })
  }

  /// Writes diagnostics: text, which is for people, to standard error, and what programs read to standard output.
  ///
  /// - Parameter failures: documents that could not be read, for the format that has a place for them.
  func write(
    _ diagnostics: [Diagnostic], failures: [UnreadableDocument], sources: [SourceFile]
  ) throws {
    switch self {
    case .text:
      Notes.show(diagnostics, of: sources)
    case .json:
      try Results.json(JSONRenderer.render(diagnostics))
    case .sarif:
      let renderer = SARIFRenderer(sources: sources, paths: Self.paths, version: PMLC.version)
      let unread = failures.map { SARIFRenderer.Failure(file: $0.path, message: $0.reason) }
      try Results.json(renderer.render(diagnostics, failures: unread))
    case .github:
      try Results.document(GitHubRenderer.render(diagnostics, paths: Self.paths))
    }
  }
}
