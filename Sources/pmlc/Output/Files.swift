import ArgumentParser
import Foundation

/// Writes a file in one step: a reader sees the old one or the new one.
///
/// - Throws: exit status 2, after a message.
func write(_ bytes: [UInt8], to path: String) throws {
  do {
    try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
  } catch {
    Terminal.error.writeLine("pmlc: error: cannot write `\(path)`: \(error.localizedDescription)")
    throw ExitCode.notDone
  }
}
