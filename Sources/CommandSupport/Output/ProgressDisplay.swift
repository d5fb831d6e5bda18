package import PromptCache
internal import Synchronization

/// Shows on one line what a session takes long with; the line goes when that has ended.
package final class ProgressDisplay: Sendable {
  private let line = Mutex(ProgressLine())

  package init() {}

  @Sendable package func show(_ progress: CacheProgress) {
    line.withLock { line in
      switch progress {
      case .readingModel(let done, let total):
        line.draw(fraction(done, total), "reading the model: \(formatted(bytes: done)) of \(formatted(bytes: total))")
      case .makingWeights(let format, let done, let total):
        line.draw(fraction(done, total), "making \(format) weights: \(done) of \(total) matrices")
      case .computingStates(let schema, let states):
        line.draw(
          fraction(states.tokensDone, states.tokensTotal),
          "\(schema): \(states.tokensDone) of \(states.tokensTotal) tokens, \(Int(states.tokensPerSecond)) a second, "
            + "\(formatted(seconds: states.secondsLeft)) left")
      case .weightsNotKept(let format, let error):
        line.clear()
        Notes.line("pmlc: warning: \(error.message): \(format) weights are made anew in memory each time")
      case .jointEncodingDamaged(let schema, let error):
        line.clear()
        Notes.line(
          "pmlc: warning: a joint encoding of schema `\(schema)` is not used, nor what is behind it: \(error.message); "
            + "`--joint make` computes it anew")
      case .ended:
        line.clear()
      }
    }
  }

  private func fraction(_ done: Int, _ total: Int) -> Double { Double(done) / Double(max(total, 1)) }
}
