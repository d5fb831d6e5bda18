internal import ArgumentParser
internal import Glibc
package import PromptCache

/// The system lets this process have no more threads, or too few.
package struct TooFewThreads: CategorizedError {
  package var category: FailureCategory { .resources }
  package var message: String { "the system lets this process start too few threads" }
  package var remedies: [Remedy] {
    [.other("raise the limit of processes (ulimit -u, or the container's)"), .endOtherProcesses]
  }

  /// What Swift's runtime, which waits for ever where it can start no thread, answers, and the thread that waits for signals need.
  private static let needed = 6

  /// Ends the process where there can be too few.
  package static func endProcess() {
    guard !ThreadLimit.allows(needed) else { return }
    Notes.error(TooFewThreads())
    exit(ExitCode.notDone.rawValue)
  }
}
