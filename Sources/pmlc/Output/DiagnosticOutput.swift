import PromptCache
import Synchronization

/// Shows diagnostics as text on standard error.
struct DiagnosticOutput {
  /// Whether this command has said that the model's template is another one.
  private static let saidTemplate = Mutex(false)

  let sources: [SourceFile]

  func show(_ diagnostics: [Diagnostic]) {
    let diagnostics = Self.saidTemplate.withLock { diagnostics.sayingOnce(&$0) }
    guard !diagnostics.isEmpty else { return }
    Terminal.error.write(TextRenderer(sources: sources, color: Terminal.error.hasColor).render(diagnostics))
  }
}
