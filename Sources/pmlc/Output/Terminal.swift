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

  /// Whether to colour: on a terminal, without `NO_COLOR` (no-color.org) and with a terminal that can.
  var hasColor: Bool {
    let environment = ProcessInfo.processInfo.environment
    return isInteractive && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

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
