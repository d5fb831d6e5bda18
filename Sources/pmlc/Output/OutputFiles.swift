import CommandSupport
import Glibc
import PromptCache

/// Writes a whole file, standard output for `-`.
func write(_ bytes: [UInt8], to path: FilePath) throws(UnwrittenOutput) {
  do throws(SystemFailure) {
    let output = try Output(path)
    try output.write(bytes)
    try output.finish()
  } catch {
    throw UnwrittenOutput(path: path, failure: error)
  }
}

/// Output that could not be written.
struct UnwrittenOutput: CategorizedError {
  let path: FilePath
  let failure: SystemFailure

  /// Whether whoever read standard output has stopped: no failure, but the end.
  var isClosedPipe: Bool { path.isStandardStream && failure.code == EPIPE }

  var category: FailureCategory { failure.isDiskFull ? .resources : .input }
  var message: String {
    let reason = unsafe String(cString: strerror(failure.code))
    return "cannot write \(path.isStandardStream ? "to standard output" : "`\(path)`"): \(reason)"
  }
  var remedies: [Remedy] { [] }
}
