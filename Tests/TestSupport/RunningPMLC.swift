import Foundation
import Glibc

/// One run of the program that has been started and not yet waited for.
///
/// Its streams go to files, so that a test can let it fill them without reading along.
public final class RunningPMLC: Sendable {
  /// The system's number of the process.
  public let processIdentifier: Int32

  private let exit: Task<Int32, Never>
  private let streams: TemporaryFolder
  // The folders must outlive the process.
  private let folders: [TemporaryFolder]

  init(
    executable: URL, arguments: [String], environment: [String: String], folder: TemporaryFolder, home: TemporaryFolder,
    input: String?
  ) throws {
    streams = try TemporaryFolder()
    folders = [folder, home]
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.environment = environment
    process.currentDirectoryURL = folder.url
    let input = try FileHandle(forReadingFrom: URL(filePath: streams.write(input ?? "", to: "in")))
    let output = try FileHandle(forWritingTo: URL(filePath: streams.write("", to: "out")))
    let error = try FileHandle(forWritingTo: URL(filePath: streams.write("", to: "err")))
    // The child has its own; Foundation may keep these for as long as this process lives.
    defer { for handle in [input, output, error] { try? handle.close() } }
    process.standardInput = input
    process.standardOutput = output
    process.standardError = error

    let (statuses, continuation) = AsyncStream.makeStream(of: Int32.self)
    process.terminationHandler = { ended in
      continuation.yield(ended.terminationReason == .exit ? ended.terminationStatus : 128 + ended.terminationStatus)
      continuation.finish()
    }
    try process.run()
    processIdentifier = process.processIdentifier
    exit = Task {
      for await status in statuses { return status }
      return -1
    }
  }

  /// Ends the process at once, with no chance to clean up.
  public func kill() {
    _ = Glibc.kill(processIdentifier, SIGKILL)
  }

  /// Sends `signal` to the process.
  public func send(_ signal: Int32) {
    _ = Glibc.kill(processIdentifier, signal)
  }

  /// What the program has written to standard output so far.
  public var standardOutput: String { text(of: "out") }

  /// What the program has written to standard error so far.
  public var standardError: String { text(of: "err") }

  /// Waits for the end, at most `timeout` seconds, after which the process is killed.
  public func finish(timeout: Double = 60) async throws -> PMLC.Result {
    let timer = Task {
      try await Task.sleep(for: .seconds(timeout))
      kill()
      return true
    }
    let status = await exit.value
    timer.cancel()
    let timedOut = (try? await timer.value) ?? false
    return PMLC.Result(
      status: status, standardOutput: standardOutput, standardError: standardError, timedOut: timedOut)
  }

  private func text(of name: String) -> String {
    let bytes = FileManager.default.contents(atPath: streams.path(name)) ?? Data()
    return String(decoding: bytes, as: UTF8.self)
  }
}
