import Foundation
import TestSupport

/// A run of `store-torture`, the other process of these tests.
final class Torture {
  private let process = Process()
  private let folder: TemporaryFolder
  private var outputPath: String { folder.path("out") }

  /// Starts it with `arguments`.
  init(_ arguments: String...) throws {
    folder = try TemporaryFolder()
    let bundle = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    process.executableURL = bundle.deletingLastPathComponent().appending(path: "store-torture")
    process.arguments = arguments
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: folder.write("", to: "out")))
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  deinit { kill() }

  var identifier: Int32 { process.processIdentifier }

  /// The lines that it has printed whole.
  var lines: [String] {
    let text = (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? ""
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }

  /// Whether it has ended.
  var isDone: Bool { !process.isRunning }

  /// Waits until it has printed `count` lines, or has ended.
  func wait(lines count: Int) {
    while lines.count < count, process.isRunning { usleep(500) }
  }

  /// Ends it at once, with no chance to clean up.
  func kill() {
    guard process.isRunning else { return }
    Foundation.kill(identifier, SIGKILL)
    process.waitUntilExit()
  }

  /// Waits for its end.
  ///
  /// - Returns: its exit status.
  @discardableResult
  func finish() -> Int32 {
    process.waitUntilExit()
    return process.terminationStatus
  }
}
