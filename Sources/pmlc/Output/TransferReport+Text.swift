import CommandSupport
import PromptCache
import Synchronization

/// Shows how far moving versions has come.
final class TransferDisplay: Sendable {
  private let line = Mutex(ProgressLine())

  @Sendable func show(done: Int, total: Int, byteCount: Int) {
    line.withLock {
      $0.draw(Double(done) / Double(max(total, 1)), "\(done) of \(total) encodings, \(formatted(bytes: byteCount))")
    }
  }

  func clear() { line.withLock { $0.clear() } }
}

extension TransferReport {
  /// Prints it.
  ///
  /// - Parameter verb: what became, or would become, of what moved.
  func show(json: Bool, verb: String) throws {
    if json { return try Results.json(self) }
    for version in versions { try Results.line("version \(version.number) of \(version.schema.quoted()) \(verb)") }
    try Results.line(
      "versions: \(versions.count) \(verb), \(presentVersions) there already; encodings: \(encodings) "
        + "\(joint > 0 ? "(\(joint) joint) " : "")\(verb) (\(formatted(bytes: byteCount))), \(presentEncodings) there already"
    )
  }
}
