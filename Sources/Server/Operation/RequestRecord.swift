internal import PromptCache
internal import Synchronization

/// What becomes known of a request on its way, for the log and the metrics.
final class RequestRecord: Sendable {
  /// The answers to a request, taken together.
  struct Usage {
    var promptTokens = 0
    var cachedTokens = 0
    var exactTokens = 0
    var computedTokens = 0
    var completionTokens = 0
    /// Milliseconds from the request to the first token of the first choice.
    var timeToFirstToken: Double?
  }

  struct Contents {
    var id = ""
    var namespace = ""
    var model: String?
    var schema: String?
    var usage: Usage?
    /// Whether the client went away before it had its answer.
    var hasHungUp = false
    /// What went wrong after the answer had begun, or what only the log is told.
    var failure: String?
    var prompt: String?
    var answer: String?
  }

  private let contents = Mutex(Contents())

  /// All that is known.
  var known: Contents { contents.withLock { $0 } }

  /// Notes something.
  func note(_ change: (inout Contents) -> Void) { contents.withLock { change(&$0) } }

  /// Adds what an answer took.
  func add(_ completion: Completion, isFirstOfPrompt: Bool) {
    contents.withLock { contents in
      var usage = contents.usage ?? Usage()
      let took = completion.usage
      if isFirstOfPrompt {
        usage.promptTokens += took.promptTokens
        usage.cachedTokens += took.cachedTokens
        usage.exactTokens += took.exactTokens
        usage.computedTokens += took.promptTokens - took.cachedTokens
      }
      usage.completionTokens += took.completionTokens
      usage.timeToFirstToken = usage.timeToFirstToken ?? completion.timings.timeToFirstToken
      contents.usage = usage
    }
  }
}
