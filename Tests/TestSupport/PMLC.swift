public import Foundation

/// The program as the user has it: the binary that was built beside the test bundle.
public enum PMLC {
  /// What a finished run left behind.
  public struct Result: Sendable {
    /// Exit status; for a run that a signal ended, 128 + the signal's number, as shells have it.
    public let status: Int32
    /// Everything it wrote to standard output.
    public let standardOutput: String
    /// Everything it wrote to standard error.
    public let standardError: String
    /// The run took longer than it was allowed to and was killed.
    public let timedOut: Bool
  }

  /// Path of the binary.
  public static var executable: URL {
    get throws {
      let bundle = URL(filePath: testBundlePath).resolvingSymlinksInPath()
      let file = bundle.deletingLastPathComponent().appending(path: "pmlc")
      guard FileManager.default.isExecutableFile(atPath: file.path(percentEncoded: false)) else {
        throw MissingBinary(path: file.path(percentEncoded: false))
      }
      return file
    }
  }

  private static let slots = Slots(2 * ProcessInfo.processInfo.activeProcessorCount)

  /// Runs the binary to its end, when few enough others run.
  ///
  /// - Parameters:
  ///   - arguments: everything after the program's name.
  ///   - environment: added to a minimal environment without the user's own `PMLC_STORE` or caches.
  ///   - folder: the working folder; a temporary one if left out.
  ///   - timeout: seconds until it is killed.
  /// - Throws: `MissingBinary`, or what Foundation says when the process cannot be started.
  public static func run(
    _ arguments: [String], environment: [String: String] = [:], in folder: TemporaryFolder? = nil,
    input: String? = nil, timeout: Double = 60
  ) async throws -> Result {
    try await slots.occupied {
      let running = try start(arguments, environment: environment, in: folder, input: input)
      return try await running.finish(timeout: timeout)
    }
  }

  /// Starts the binary and returns at once.
  public static func start(
    _ arguments: [String], environment: [String: String] = [:], in folder: TemporaryFolder? = nil, input: String? = nil
  ) throws -> RunningPMLC {
    let executable = try executable
    let home = try TemporaryFolder()
    var merged = ["HOME": home.path(""), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]
    merged.merge(environment) { _, new in new }
    return try RunningPMLC(
      executable: executable, arguments: arguments, environment: merged, folder: folder ?? home, home: home,
      input: input)
  }

  /// The test bundle is the running executable itself, unless the package manager's helper loaded it.
  private static var testBundlePath: String {
    let arguments = CommandLine.arguments
    if let flag = arguments.firstIndex(of: "--test-bundle-path"), arguments.indices.contains(flag + 1) {
      return arguments[flag + 1]
    }
    return arguments.first ?? ""
  }
}

/// The binary is not where the build puts it.
public struct MissingBinary: Error, CustomStringConvertible {
  /// Where it was looked for.
  public let path: String
  /// What is missing, and what to do.
  public var description: String { "no program at \(path): build the product `pmlc` first" }
}
