package import PromptCache
internal import Synchronization

/// Writes what is no result to standard error: diagnostics, failures, statistics.
///
/// If it cannot be written, nothing fails: a complete answer stays one.
package enum Notes {
  private static let stream = StandardStream.error
  /// How much of one message is shown: a file may bring along values of any length.
  private static let limit = 2000
  /// Warnings that this command has shown, and whether one of them was that the model's template is another one.
  private static let said = Mutex((warnings: Set<Diagnostic>(), template: false))

  /// Writes one line of text.
  package static func line(_ text: String) { write(text.printable(limit: limit) + "\n") }

  /// Writes why the program did not do what it was asked for, and what to do about it.
  package static func error(_ error: some CategorizedError) {
    line("pmlc: error: \(error.message)")
    if let help = help(for: error) { line("  help: \(help)") }
  }

  /// Shows diagnostics as text. A warning that was shown before is not shown again.
  package static func show(_ diagnostics: [Diagnostic], of sources: [SourceFile]) {
    let diagnostics = said.withLock { said in
      diagnostics.sayingOnce(&said.template).filter { $0.severity == .error || said.warnings.insert($0).inserted }
    }
    guard !diagnostics.isEmpty else { return }
    // The renderer makes what it shows safe, and adds colours.
    write(TextRenderer(sources: sources, color: stream.hasColor).render(diagnostics.map(\.inCommands)))
  }

  /// Writes the parser's messages, which are made safe already.
  package static func usage(_ text: String) { write(text + "\n") }

  /// Clears a terminal, and what it remembers of it. All warnings may be shown once more.
  package static func clearTerminal() {
    said.withLock { $0 = ([], false) }
    if stream.obeysControls { write("\u{1B}[H\u{1B}[2J\u{1B}[3J") }
  }

  private static func write(_ text: String) { try? stream.write(Array(text.utf8)) }
}
