internal import Engine
internal import Store

/// How what one piece of work needs is computed, and who is told how far it has come.
struct EncodingTerms {
  /// Where they are computed.
  enum Place {
    /// On the calling thread.
    case here
    /// By the scheduler, between the steps of answers, while the thread of `task` waits.
    case betweenAnswers(EncodingPriority, BlockingTask)
  }

  var place = Place.here
  /// Told beside the session's own, also at the beginning.
  var progress: @Sendable (WarmProgress) -> Void = { _ in }
}

/// Computes encodings, and what new text attends to, here or between answers.
struct EncodingWorker {
  let engine: InferenceEngine
  /// What computes them between answers, and how.
  let scheduled: (scheduler: AnswerScheduler, priority: EncodingPriority, task: BlockingTask)?

  /// The states of some runs of tokens, each in its context.
  ///
  /// - Parameter snapshot: what lends the contexts. While answers go first, which may take long, it lets the store use the
  ///   space again of what goes meanwhile.
  /// - Throws: `PromptCacheError.engine`; `.cancelled`.
  func states(
    of encodings: [InferenceEngine.Encoding], renewing snapshot: Snapshot?
  ) throws(PromptCacheError) -> [SegmentStates] {
    guard let (scheduler, priority, task) = scheduled else {
      return try withEngineErrors { () throws(EngineError) in try engine.encode(encodings) }
    }
    // If renewing fails the states are still there, and the next time may do.
    return try task.wait(seconds: 1, doing: { _ = try? snapshot?.renew() }) { () throws(PromptCacheError) in
      try await scheduler.encode(encodings, priority: priority)
    }
  }

  /// How much attention new tokens give to the cached tokens that they see.
  ///
  /// - Parameters:
  ///   - input: the new tokens, and what they attend to.
  ///   - layers: the layers to measure, rising.
  ///   - rows: ranges of the input's tokens whose attention is summed up, each for itself.
  ///   - snapshot: as for encodings.
  /// - Throws: `PromptCacheError.engine`, `.answerTooLarge`, `.cancelled`.
  func measure(
    _ input: InferenceEngine.Input, layers: [Int], rows: [Range<Int>], renewing snapshot: Snapshot?
  ) throws(PromptCacheError) -> AttentionMass {
    guard let (scheduler, priority, task) = scheduled else {
      return try withEngineErrors { () throws(EngineError) in
        try engine.measure(input, layers: layers, rows: rows)
      }
    }
    return try task.wait(seconds: 1, doing: { _ = try? snapshot?.renew() }) { () throws(PromptCacheError) in
      try await scheduler.measure(input, layers: layers, rows: rows, priority: priority)
    }
  }
}

extension CacheSession {
  /// Computes for this session.
  func worker(_ place: EncodingTerms.Place) throws(PromptCacheError) -> EncodingWorker {
    switch place {
    case .here: EncodingWorker(engine: try engine, scheduled: nil)
    case .betweenAnswers(let priority, let task):
      EncodingWorker(engine: try engine, scheduled: (try scheduler, priority, task))
    }
  }
}
