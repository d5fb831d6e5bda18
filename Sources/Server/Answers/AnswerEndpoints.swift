internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import JSONText
internal import PromptCache

/// `/v1/chat/completions` and `/v1/completions`.
struct AnswerEndpoints: Sendable {
  let registry: ModelRegistry
  let limits: RequestLimits
  let connections: Connections
  let metrics: ServerMetrics

  @Sendable func chat(_ request: Request, _ context: ServerContext) async throws -> Response {
    let start = ContinuousClock.now
    let fields = try await request.fields(within: limits)
    let chat = try ChatRequest(fields, limit: limits.answerTokens)
    let tenant = try registry.model(chat.answer.model).tenant(context.namespace)
    note(tenant, context)
    if limits.logsText {
      let text = (chat.document.map { [String(decoding: $0.bytes, as: UTF8.self)] } ?? []) + chat.messages.map(\.text)
      context.record.note { $0.prompt = text.joined(separator: "\n") }
    }
    let prompt = try await prepare(context) { try await tenant.prepare(chat, start: start) }
    return try await answer([prompt], chat.answer, tenant, context, as: ChatFormat.self)
  }

  @Sendable func complete(_ request: Request, _ context: ServerContext) async throws -> Response {
    let start = ContinuousClock.now
    let fields = try await request.fields(within: limits)
    let completion = try CompletionRequest(fields, limit: limits.answerTokens)
    let tenant = try registry.model(completion.answer.model).tenant(context.namespace)
    note(tenant, context)
    if limits.logsText { context.record.note { $0.prompt = fields["prompt"]?.text } }
    let prompts = try await prepare(context) {
      var prompts: [PreparedPrompt] = []
      for prompt in completion.prompts {
        prompts.append(try await tenant.prepare(prompt, completion.answer, start: start))
      }
      return prompts
    }
    return try await answer(prompts, completion.answer, tenant, context, as: CompletionFormat.self)
  }

  private func note(_ tenant: Tenant, _ context: ServerContext) {
    context.record.note { $0.model = tenant.model.id }
  }

  /// Has a request's prompts prepared. That ends when the client hangs up, or when it takes too long.
  private func prepare<R: Sendable>(
    _ context: ServerContext, _ body: @escaping @Sendable () async throws -> R
  ) async throws -> R {
    try await connections.whileConnected(context) { [limits] in
      try await limited(
        to: limits.requestTime, or: .timedOut("the prompt took longer to prepare than a request may"), body)
    }
  }

  private func answer<Format: AnswerFormat>(
    _ prompts: [PreparedPrompt], _ fields: AnswerFields, _ tenant: Tenant, _ context: ServerContext,
    as format: Format.Type
  ) async throws -> Response {
    for prompt in prompts {
      if let schema = prompt.document?.schema.schema.name { context.record.note { $0.schema = schema } }
      guard prompt.prompt.promptTokens <= limits.promptTokens else {
        throw APIError.invalid(
          "the prompt has \(prompt.prompt.promptTokens) tokens, and \(limits.promptTokens) are the most",
          code: "context_length_exceeded")
      }
    }
    let answers = try await submit(prompts, fields, tenant, context)
    let writer = AnswerWriter<Format>(
      id: Format.idPrefix + RandomName.make(), created: Int(Date().timeIntervalSince1970), model: tenant.model,
      fields: fields, answers: answers, record: context.record, metrics: metrics,
      layout: fields.showsLayout ? prompts.first.flatMap { DrawnLayout(of: $0) } : nil, logsText: limits.logsText,
      whenDone: { tenant.note(prompts) })
    guard fields.streams else { return Response(try await writer.whole()) }
    var headers: HTTPFields = [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache"]
    // Proxies are not to hold events back.
    if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { body in try await writer.stream(to: &body) })
  }

  /// Has the answers made.
  private func submit(
    _ prompts: [PreparedPrompt], _ fields: AnswerFields, _ tenant: Tenant, _ context: ServerContext
  ) async throws -> AnswerSet {
    let scheduler = try tenant.session.scheduler
    var choices: [AnswerSet.Choice] = []
    for prompt in prompts {
      let options = (0..<fields.choices).map { number in
        var options = fields.options
        options.sampling.seed &+= UInt64(number)
        return options
      }
      let answers = try await scheduler.submit(
        prompt.prompt, options: options, group: tenant.namespace, start: prompt.start)
      for (number, answer) in answers.enumerated() {
        choices.append(
          AnswerSet.Choice(index: choices.count, isFirstOfPrompt: number == 0, answer: answer))
      }
    }
    return AnswerSet(choices, on: context.channel, connections, within: limits.requestTime)
  }
}
