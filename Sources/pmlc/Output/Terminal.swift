import ArgumentParser
import Foundation

/// One of the process's output streams.
struct Terminal {
  static let output = Terminal(FileHandle.standardOutput)
  static let error = Terminal(FileHandle.standardError)

  private let handle: FileHandle
  /// Whether a person watches it.
  let isInteractive: Bool

  private init(_ handle: FileHandle) {
    self.handle = handle
    isInteractive = isatty(handle.fileDescriptor) == 1
  }

  /// Whether to colour: on a terminal that can, without `NO_COLOR` (no-color.org).
  var hasColor: Bool {
    obeysControls && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
  }

  /// Clears a terminal, and what it remembers of it.
  func clear() {
    if obeysControls { write("\u{1B}[H\u{1B}[2J\u{1B}[3J") }
  }

  private var obeysControls: Bool { isInteractive && ProcessInfo.processInfo.environment["TERM"] != "dumb" }

  /// Writes text as it is, at once.
  func write(_ text: String) { write(Array(text.utf8)) }

  /// Writes bytes as they are, at once. Where they cannot be written, the process ends.
  func write(_ bytes: [UInt8]) {
    do {
      try handle.write(contentsOf: Data(bytes))
    } catch {
      if handle.fileDescriptor == STDOUT_FILENO {
        let reason = unsafe String(cString: strerror(errno))
        Terminal.error.writeLine("pmlc: error: cannot write to standard output: \(reason)")
      }
      exit(ExitCode.notDone.rawValue)
    }
  }

  /// Writes a line.
  func writeLine(_ text: String) { write(text + "\n") }
}
