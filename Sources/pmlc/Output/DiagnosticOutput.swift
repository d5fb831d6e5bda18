import PromptCache

/// Shows diagnostics as text on standard error.
struct DiagnosticOutput {
  let sources: [SourceFile]

  func show(_ diagnostics: [Diagnostic]) {
    guard !diagnostics.isEmpty else { return }
    Terminal.error.write(TextRenderer(sources: sources, color: Terminal.error.hasColor).render(diagnostics))
  }
}
