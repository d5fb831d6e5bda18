internal import Failure
internal import PromptCache

/// A prompt whose states are found, ready to be answered.
struct PreparedPrompt: Sendable {
  let prompt: ReadyPrompt
  /// When its request began.
  let start: ContinuousClock.Instant
  /// What it was compiled from, where it is a document's.
  var document: (prompt: PlannedPrompt, schema: WarmedSchema)?
}

extension Tenant {
  /// Gets the prompt of a chat request ready.
  ///
  /// - Throws: `APIError`.
  func prepare(_ request: ChatRequest, start: ContinuousClock.Instant) throws -> PreparedPrompt {
    if let document = request.document {
      return try prepare(document, followedBy: request.messages, request.answer, start: start)
    }
    return try answering { () throws(PromptCacheError) in
      let messages = request.messages.map(\.inConversation)
      guard !request.answer.noCache else {
        let tokens = try model.model.tokens(of: messages)
        return PreparedPrompt(prompt: try ReadyPrompt(tokens: tokens, for: model.model), start: start)
      }
      return PreparedPrompt(prompt: try session.conversation(messages).remembered(in: memory), start: start)
    }
  }

  /// Gets a prompt of `/v1/completions` ready.
  ///
  /// - Throws: `APIError`.
  func prepare(
    _ prompt: CompletionRequest.Prompt, _ fields: AnswerFields, start: ContinuousClock.Instant
  ) throws -> PreparedPrompt {
    switch prompt {
    case .document(let source): return try prepare(source, followedBy: [], fields, start: start)
    case .text(let text):
      return try answering { () throws(PromptCacheError) in
        let tokenizer = model.model.tokenizer
        let tokens = (tokenizer.beginOfSequence.map { [$0] } ?? []) + tokenizer.tokens(of: text)
        return try prepare(tokens, fields, start: start)
      }
    case .tokens(let tokens):
      return try answering { () throws(PromptCacheError) in try prepare(tokens, fields, start: start) }
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
  ) throws -> PreparedPrompt {
    try answering { () throws(PromptCacheError) in
      let name = try model.model.schemaName(of: document).get()
      let schema = try schema(named: name)
      let turns = messages.map { ChatTurn(role: $0.role, text: $0.text, isKept: $0.isKept) }
      let planned = try model.model.compile(prompt: document, of: schema.schema, turns: turns).get()
      if fields.noCache {
        return PreparedPrompt(prompt: ReadyPrompt(uncached: planned.layout), start: start)
      }
      let ready = try session.ready(planned, of: schema, joint: fields.joint, repair: fields.repair)
      return PreparedPrompt(prompt: ready.remembered(in: memory), start: start, document: (planned, schema))
    }
  }

  private func answering<R>(_ body: () throws(PromptCacheError) -> R) throws(APIError) -> R {
    do throws(PromptCacheError) { return try body() } catch { throw APIError(error) }
  }
}
