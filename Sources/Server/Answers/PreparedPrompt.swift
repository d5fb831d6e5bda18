internal import Failure
internal import PromptCache
internal import Threads

/// A prompt whose states are found, ready to be answered.
struct PreparedPrompt: Sendable {
  let prompt: ReadyPrompt
  /// When its request began.
  let start: ContinuousClock.Instant
  /// What it was compiled from, where it is a document's.
  var document: (prompt: PlannedPrompt, schema: WarmedSchema)?
}

// What blocks a thread, such as compiling and looking into the store, is done away from those that all tasks share. What has to
// be computed takes turns with other answers.
extension Tenant {
  /// Gets the prompt of a chat request ready.
  ///
  /// - Throws: `APIError`.
  func prepare(_ request: ChatRequest, start: ContinuousClock.Instant) async throws -> PreparedPrompt {
    if let document = request.document {
      return try await prepare(document, followedBy: request.messages, request.answer, start: start)
    }
    let messages = request.messages.map(\.inConversation)
    guard !request.answer.noCache else {
      return try await OwnThreads.run { [self] in
        try prepare(model.model.tokens(of: messages), request.answer, start: start)
      }
    }
    let prompt =
      if request.messages.contains(where: \.isKept) {
        try await session.conversation(messages, priority: .answer)
      } else {
        try await OwnThreads.run { [session] in try session.conversation(messages) }
      }
    return PreparedPrompt(prompt: prompt.remembered(in: memory), start: start)
  }

  /// Gets a prompt of `/v1/completions` ready.
  ///
  /// - Throws: `APIError`.
  func prepare(
    _ prompt: CompletionRequest.Prompt, _ fields: AnswerFields, start: ContinuousClock.Instant
  ) async throws -> PreparedPrompt {
    switch prompt {
    case .document(let source): return try await prepare(source, followedBy: [], fields, start: start)
    case .text(let text):
      return try await OwnThreads.run { [self] in
        let tokenizer = model.model.tokenizer
        let tokens = (tokenizer.beginOfSequence.map { [$0] } ?? []) + tokenizer.tokens(of: text)
        return try prepare(tokens, fields, start: start)
      }
    case .tokens(let tokens): return try prepare(tokens, fields, start: start)
    }
  }

  private func prepare(
    _ tokens: [Int32], _ fields: AnswerFields, start: ContinuousClock.Instant
  ) throws(PromptCacheError) -> PreparedPrompt {
    let prompt = try ReadyPrompt(tokens: tokens, for: model.model)
    return PreparedPrompt(prompt: fields.noCache ? prompt : prompt.remembered(in: memory), start: start)
  }

  private func prepare(
    _ document: SourceFile, followedBy messages: [Message], _ fields: AnswerFields, start: ContinuousClock.Instant
  ) async throws -> PreparedPrompt {
    let (compiled, schema) = try await OwnThreads.run { [self] () throws -> (PlannedPrompt, WarmedSchema) in
      let schema = try self.schema(named: try model.model.schemaName(of: document).get())
      let turns = messages.map { ChatTurn(role: $0.role, text: $0.text, isKept: $0.isKept) }
      let prompt = try model.model.compile(
        prompt: document, of: schema.schema, turns: turns, lengthRule: fields.noCache ? .plain : .placed
      ).get()
      return (prompt, schema)
    }
    let planned = try await session.findDocuments(for: compiled, of: schema, priority: .answer)
    let repair = CacheSession.repair(fields.repair, for: planned)
    if fields.noCache {
      return PreparedPrompt(prompt: ReadyPrompt(uncached: planned.layout), start: start)
    }
    let ready =
      if fields.joint == .make || repair > 0 || messages.contains(where: \.isKept) || session.hasRemote {
        try await session.ready(
          planned, of: schema, joint: fields.joint, repair: repair, priority: .answer)
      } else {
        try await OwnThreads.run { [session] in try session.ready(planned, of: schema, joint: fields.joint) }
      }
    return PreparedPrompt(prompt: ready.remembered(in: memory), start: start, document: (planned, schema))
  }
}
