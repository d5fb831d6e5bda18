import CommandSupport
import PromptCache

/// Checks documents at once, and again after each change.
struct CheckWatch {
  let request: CheckRequest

  /// How often to look where the kernel says nothing.
  private static let interval: Int32 = 1000
  /// An editor may write several files, or one in several steps: quiet for this long ends a change…
  private static let quiet: Int32 = 40
  /// …and so many steps do.
  private static let steps = 25

  /// Runs until a signal ends the process.
  ///
  /// - Throws: exit status 2 if a document cannot be read at the beginning; later it may be there again.
  func run() throws -> Never {
    Interruption.isExpected()
    let watcher = FolderWatcher()
    var isFirst = true
    while true {
      let read = ReadFiles()
      let start = ContinuousClock.now
      let round = CheckRound(of: request, noting: read)
      let duration = ContinuousClock.now - start
      Notes.clearTerminal()
      try round.write(as: .text)
      if isFirst, !round.failures.isEmpty { throw round.status ?? .notDone }
      isFirst = false
      Notes.line(summary(of: round, after: duration, watching: read.count))
      watcher.watch(read.folders)
      while !read.haveChanged { _ = watcher.wait(atMost: Self.interval) }
      for _ in 0..<Self.steps where !watcher.wait(atMost: Self.quiet) { break }
    }
  }

  private func summary(of round: CheckRound, after duration: Duration, watching files: Int) -> String {
    "\(counted(round.documentCount, "document")) checked in \(formatted(seconds: duration / .seconds(1))): "
      + "\(round.findings); watching \(counted(files, "file"))"
  }
}
