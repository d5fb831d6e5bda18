package import Engine

/// A sequence whose tokens its owner chooses, one after the other, by the scores that it gets. Letting go of it stops it.
package final class GuidedSequence: Sendable {
  fileprivate let subscription: Subscription<Logits>

  init(_ subscription: Subscription<Logits>) { self.subscription = subscription }

  var id: AnswerScheduler.ID { subscription.id }

  /// The scores of the token behind those that it has: the prompt's at first, and then one that was given.
  ///
  /// - Throws: why it cannot go on.
  package func scores() async throws(PromptCacheError) -> Logits {
    guard let logits = try await subscription.next() else { throw .cancelled }
    return logits
  }
}

/// Hands the scores on, and waits to be given a token.
struct GuidedScores: ScoreReader {
  let channel: AnswerChannel<Logits>
  /// Tokens that may still be given.
  var left: Int
  var nextToken: Int32?

  init(into channel: AnswerChannel<Logits>, limit: Int) {
    self.channel = channel
    left = limit
  }

  var isGone: Bool { channel.isGone }

  mutating func addPrefill(_ duration: Duration) {}

  mutating func take(_ logits: Logits) -> Bool {
    nextToken = nil
    channel.send([logits])
    guard left == 0 else { return false }
    channel.finish()
    return true
  }

  func fail(_ error: PromptCacheError) { channel.finish(.failure(error)) }

  mutating func give(_ token: Int32) {
    guard left > 0 else { return }
    left -= 1
    nextToken = token
  }
}
