public import KVCacheFormat
public import PMLCompiler

/// The same as the calls that block their thread, for programs that answer meanwhile: the session's scheduler computes the
/// states between the steps of answers, and the store is read and written on a thread of the call's own, where it may wait
/// for another writer.
extension CacheSession {
  /// Computes the states of a schema that the store lacks, and records a version of it unless nothing changed since the
  /// newest one.
  ///
  /// If the current task is cancelled, it stops within a layer; states are committed every half second, and the next call
  /// goes on from there.
  ///
  /// - Parameters:
  ///   - schema: compiled for this session's model.
  ///   - element: how states are kept.
  ///   - priority: how soon they are wanted.
  ///   - progress: called with how far it has come, at the beginning and after each pass, beside the session's own.
  /// - Returns: the schema, its version leased, with a report of what was computed.
  /// - Throws: `PromptCacheError` for the engine's and the store's failures; `.cancelled`.
  public func warm(
    _ schema: PlannedSchema, as element: KVElement = .f16, priority: EncodingPriority,
    progress: @escaping @Sendable (WarmProgress) -> Void = { _ in }
  ) async throws(PromptCacheError) -> WarmedSchema {
    try await BlockingTask.run { task throws(PromptCacheError) in
      try self.warm(
        schema, as: element, EncodingTerms(place: .betweenAnswers(priority, task), progress: progress))
    }
  }

  /// Computes and keeps the joint encodings of prompts that the store lacks.
  ///
  /// If the current task is cancelled, it stops within a layer, and the next call goes on from there.
  ///
  /// - Parameters:
  ///   - prompts: compiled for `schema`.
  ///   - schema: how the states are kept.
  ///   - priority: how soon they are wanted.
  ///   - progress: called with how far it has come, at the beginning and after each pass, beside the session's own.
  /// - Throws: `PromptCacheError` for the engine's and the store's failures; `.cancelled`.
  @discardableResult
  public func makeJoint(
    for prompts: [PlannedPrompt], of schema: WarmedSchema, priority: EncodingPriority,
    progress: @escaping @Sendable (WarmProgress) -> Void = { _ in }
  ) async throws(PromptCacheError) -> JointReport {
    try await BlockingTask.run { task throws(PromptCacheError) in
      try self.makeJoint(
        for: prompts, of: schema, sharing: true,
        EncodingTerms(place: .betweenAnswers(priority, task), progress: progress))
    }
  }

  /// Computes and keeps the states that a prompt needs and the store lacks, without recording a version.
  ///
  /// - Parameters:
  ///   - prompt: compiled for `schema`.
  ///   - schema: how the states are kept.
  ///   - joint: what the answer will do with joint encodings; those that it uses take the place of others. `.make` makes
  ///     those that are missing.
  ///   - priority: how soon they are wanted.
  ///   - progress: called with how far it has come, beside the session's own.
  /// - Throws: `PromptCacheError` for the engine's and the store's failures; `.cancelled`.
  public func ensureStates(
    for prompt: PlannedPrompt, of schema: WarmedSchema, joint: JointUse = .use, priority: EncodingPriority,
    progress: @escaping @Sendable (WarmProgress) -> Void = { _ in }
  ) async throws(PromptCacheError) {
    try await BlockingTask.run { task throws(PromptCacheError) in
      try self.ensureStates(
        for: prompt, of: schema, joint: joint,
        EncodingTerms(place: .betweenAnswers(priority, task), progress: progress))
    }
  }

  /// The same prompt with the documents that it wants found, as the other `findDocuments` does it.
  ///
  /// - Parameters:
  ///   - prompt: compiled for `schema`.
  ///   - schema: how the states are kept.
  ///   - priority: how soon it is wanted what the prompt's new text attends to, where that tells which.
  /// - Throws: as the other `findDocuments`; `PromptCacheError.answerTooLarge`.
  public func findDocuments(
    for prompt: PlannedPrompt, of schema: WarmedSchema, priority: EncodingPriority
  ) async throws(PromptCacheError) -> PlannedPrompt {
    guard prompt.wantsDocuments else { return prompt }
    return try await BlockingTask.run { task throws(PromptCacheError) in
      try self.findDocuments(for: prompt, of: schema, EncodingTerms(place: .betweenAnswers(priority, task)))
    }
  }

  /// Finds the states that a prompt uses. They are read where they lie for as long as the result lives.
  ///
  /// - Parameters:
  ///   - prompt: compiled for `schema`.
  ///   - schema: how the states are kept.
  ///   - joint: what to do with joint encodings, as the other `ready` does it.
  ///   - repair: how much of the cached tokens that are not exact is computed again, 0 to 1.
  ///   - priority: how soon joint encodings are wanted that are made, and which tokens are to be computed again.
  /// - Precondition: `repair` is 0 to 1.
  /// - Throws: as the other `ready`; with `repair` `PromptCacheError.answerTooLarge`.
  public func ready(
    _ prompt: PlannedPrompt, of schema: WarmedSchema, joint: JointUse = .use, repair: Double = 0,
    priority: EncodingPriority
  ) async throws(PromptCacheError) -> ReadyPrompt {
    try await BlockingTask.run { task throws(PromptCacheError) in
      try self.ready(
        prompt, of: schema, joint: joint, repair: repair, EncodingTerms(place: .betweenAnswers(priority, task)))
    }
  }

  /// A conversation, written by the model's own chat template, with the states that the store has of its beginning.
  ///
  /// - Parameters:
  ///   - messages: in order, one or more.
  ///   - element: how states are kept, and in which format they are looked for.
  ///   - priority: how soon states are wanted that a part of a message asks to keep.
  /// - Throws: as the other `conversation`.
  public func conversation(
    _ messages: [ChatMessage], as element: KVElement = .f16, priority: EncodingPriority
  ) async throws(PromptCacheError) -> ReadyPrompt {
    try await BlockingTask.run { task throws(PromptCacheError) in
      try self.conversation(messages, as: element, EncodingTerms(place: .betweenAnswers(priority, task)))
    }
  }
}
