import Foundation
import TestSupport

/// Runs shell scripts around the program, for what a process of Foundation's cannot be given: arguments that are no text,
/// closed descriptors, pipes, a namespace.
struct Shell {
  let folder: TemporaryFolder
  private let executable: String

  init(in folder: TemporaryFolder) throws {
    self.folder = folder
    executable = try PMLC.executable.path(percentEncoded: false)
  }

  /// Runs a script, in which `$pmlc` is the program.
  func run(_ script: String) throws -> (status: Int32, standardOutput: String, standardError: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-c", script]
    process.currentDirectoryURL = folder.url
    process.environment = [
      "HOME": folder.path(""), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "pmlc": executable, "TMPDIR": folder.path(""),
    ]
    process.standardInput = FileHandle.nullDevice
    let streams = try TemporaryFolder()
    let output = try FileHandle(forWritingTo: URL(filePath: streams.write("", to: "out")))
    let error = try FileHandle(forWritingTo: URL(filePath: streams.write("", to: "err")))
    (process.standardOutput, process.standardError) = (output, error)
    try process.run()
    process.waitUntilExit()
    func text(_ name: String) throws -> String {
      String(decoding: try Data(contentsOf: URL(filePath: streams.path(name))), as: UTF8.self)
    }
    return (process.terminationStatus, try text("out"), try text("err"))
  }
}
