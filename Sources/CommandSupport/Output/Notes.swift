package import PromptCache
internal import Synchronization

/// Writes what is no result to standard error: diagnostics, failures, statistics.
///
/// If it cannot be written, nothing fails: a complete answer stays one.
package enum Notes {
  private static let stream = StandardStream.error
  /// How much of one message is shown: a file may bring along values of any length.
  private static let limit = 2000
  /// Whether this command has said that the model's template is another one.
  private static let saidTemplate = Mutex(false)

  /// Writes one line of text.
  package static func line(_ text: String) { write(text.printable(limit: limit) + "\n") }

  /// Writes why the program did not do what it was asked for, and what to do about it.
  package static func error(_ error: some CategorizedError) {
    line("pmlc: error: \(error.message)")
    if let help = help(for: error) { line("  help: \(help)") }
  }

  /// Shows diagnostics as text.
  package static func show(_ diagnostics: [Diagnostic], of sources: [SourceFile]) {
    let diagnostics = saidTemplate.withLock { diagnostics.sayingOnce(&$0) }
    guard !diagnostics.isEmpty else { return }
    // The renderer makes what it shows safe, and adds colours.
    write(TextRenderer(sources: sources, color: stream.hasColor).render(diagnostics))
  }

  /// Writes the parser's messages, which are made safe already.
  package static func usage(_ text: String) { write(text + "\n") }

  /// Clears a terminal, and what it remembers of it.
  package static func clearTerminal() {
    if stream.obeysControls { write("\u{1B}[H\u{1B}[2J\u{1B}[3J") }
  }

  private static func write(_ text: String) { try? stream.write(Array(text.utf8)) }
}
