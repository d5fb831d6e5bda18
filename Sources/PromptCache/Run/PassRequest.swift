internal import Engine

/// Passes that somebody waits for, beside those of answers. The scheduler alone touches it.
protocol PassRequest: AnyObject {
  /// Bytes of new states that count as an answer's do.
  var stateBytes: Int { get }
  /// Whether nobody waits any more.
  var isGone: Bool { get }

  /// Begins the next pass.
  ///
  /// - Parameters:
  ///   - room: about how many tokens it may have, `InferenceEngine.tokensPerPart` or more.
  ///   - engine: computes it.
  func begin(room: Int, on engine: InferenceEngine) throws(EngineError) -> InferenceEngine.PassInProgress

  /// Takes what came of the pass that it began.
  ///
  /// - Returns: whether that was all.
  func take(_ pass: InferenceEngine.PassInProgress, on engine: InferenceEngine) -> Bool

  /// Ends it with an error.
  func fail(_ error: PromptCacheError)
}
