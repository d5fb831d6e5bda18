package import PromptCache
internal import Synchronization

/// Shows what a session takes long with (`ProgressLine`).
package final class ProgressDisplay: Sendable {
  private let line = Mutex(ProgressLine())

  package init() {}

  @Sendable package func show(_ progress: CacheProgress) {
    line.withLock { line in
      switch progress {
      case .readingModel(let done, let total):
        line.draw(fraction(done, total), "reading the model: \(formatted(bytes: done)) of \(formatted(bytes: total))")
      case .makingWeights(let format, let done, let total):
        let kind = format == .stored ? "laying weights out for this CPU" : "making \(format) weights"
        line.draw(fraction(done, total), "\(kind): \(done) of \(total) matrices")
      case .computingStates(let schema, let states):
        line.draw(
          fraction(states.tokensDone, states.tokensTotal),
          "\(schema): \(states.encodingsDone) of \(states.encodingsTotal) encodings, \(states.tokensDone) of "
            + "\(states.tokensTotal) tokens, \(Int(states.tokensPerSecond)) a second, "
            + "\(formatted(seconds: states.secondsLeft)) left")
      case .fetchingStates(let schema, let done, let total, let byteCount):
        line.draw(
          fraction(done, total), "\(schema): \(done) of \(total) encodings fetched, \(formatted(bytes: byteCount))")
      case .puttingStates(let schema, let done, let total, let byteCount):
        line.draw(fraction(done, total), "\(schema): \(done) of \(total) encodings put, \(formatted(bytes: byteCount))")
      case .weightsNotKept(let format, let error):
        line.clear()
        let consequence =
          format == .stored
          ? "weights are multiplied as the file has them, which is slower"
          : "\(format) weights are made anew in memory each time"
        Notes.line("pmlc: warning: \(error.message): \(consequence)")
      case .jointEncodingDamaged(let schema, let error):
        line.clear()
        Notes.line(
          "pmlc: warning: a joint encoding of schema `\(schema)` is not used, nor what is behind it: \(error.message); "
            + "`--joint make` computes it anew")
      case .indexing(let library, let done, let total):
        line.draw(fraction(done, total), "indexing `\(library)`: \(done) of \(total) modules")
      case .indexDamaged(_, let error):
        line.clear()
        Notes.line("pmlc: warning: \(error.message); it is made anew")
      case .ended:
        line.clear()
      }
    }
  }

  private func fraction(_ done: Int, _ total: Int) -> Double { Double(done) / Double(max(total, 1)) }
}
