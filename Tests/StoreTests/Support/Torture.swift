import Foundation
import TestSupport

/// A run of `store-torture`, the other process of these tests.
final class Torture {
  private let process = Process()
  private let folder: TemporaryFolder
  private let isContained: Bool
  private var outputPath: String { folder.path("out") }

  /// Starts it with `arguments`.
  convenience init(_ arguments: String...) throws { try self.init(arguments, under: []) }

  /// Starts it with `arguments` as process 1 of a space of process numbers of its own, as in a container.
  convenience init(contained arguments: String...) throws {
    try self.init(arguments, under: ["unshare", "--pid", "--fork", "--mount-proc"])
  }

  /// Whether this process may make such a space.
  static let canBeContained = (try? Torture(["nothing"], under: ["unshare", "--pid", "--fork", "true"]).finish()) == 0

  private init(_ arguments: [String], under command: [String]) throws {
    folder = try TemporaryFolder()
    isContained = !command.isEmpty
    let bundle = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      command + [bundle.deletingLastPathComponent().appending(path: "store-torture").path()] + arguments
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

  /// The process in the container, once there is one.
  private var child: Int32? {
    let path = "/proc/\(identifier)/task/\(identifier)/children"
    let children = try? FileHandle(forReadingFrom: URL(filePath: path)).readToEnd()
    return children.flatMap { String(decoding: $0, as: UTF8.self).split(separator: " ").first }.flatMap { Int32($0) }
  }

  /// Waits until it has printed `count` lines, or has ended.
  func wait(lines count: Int) {
    while lines.count < count, process.isRunning { usleep(500) }
  }

  /// Ends it at once, with no chance to clean up.
  func kill() {
    guard process.isRunning else { return }
    if isContained {
      // Its parent ends with it. The other way round, a child that is just being made would stay behind.
      while process.isRunning {
        if let child { Foundation.kill(child, SIGKILL) }
        usleep(500)
      }
    } else {
      Foundation.kill(identifier, SIGKILL)
    }
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
