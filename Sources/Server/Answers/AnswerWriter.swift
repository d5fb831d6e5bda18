internal import Hummingbird
internal import JSONText
internal import Metrics
internal import NIOCore
internal import PromptCache

/// Writes the answers of a request, as a whole or in events.
struct AnswerWriter<Format: AnswerFormat>: Sendable {
  let id: String
  let created: Int
  let model: ServedModel
  let fields: AnswerFields
  let answers: AnswerSet
  let record: RequestRecord
  let metrics: ServerMetrics
  /// What the prompt is made of, where that is asked for.
  let layout: DrawnLayout?
  /// Whether the log holds the answers' texts.
  let logsText: Bool
  /// Done when all answers are whole.
  let whenDone: @Sendable () -> Void

  /// Reads the answers to their ends.
  ///
  /// - Throws: `APIError`.
  func whole() async throws(APIError) -> JSONValue {
    defer { answers.end() }
    var completions: [Completion] = []
    for choice in answers.choices {
      var pace = Pace(metrics)
      events: while true {
        switch try await answers.next(choice) {
        case .token?: pace.count()
        case .text?: break
        case .finish(let completion)?:
          pace.end(completion)
          completions.append(completion)
          break events
        case nil: throw .own("an answer ended without its last event")
        }
      }
    }
    var json = head(Format.object)
    json["choices"] = .array(
      zip(answers.choices, completions).map { choice, completion in format(choice).whole(completion) })
    for (choice, completion) in zip(answers.choices, completions) { finish(choice, completion) }
    json["usage"] = usage
    json["timings"] = completions.first.map { timings($0) }
    if let layout, let first = completions.first { json["prompt_layout"] = layout.json(first) }
    whenDone()
    return .object(json)
  }

  /// Writes events as they come.
  func stream(to writer: inout any ResponseBodyWriter) async throws {
    defer { answers.end() }
    do {
      try await writeEvents(to: &writer)
      whenDone()
    } catch let error as APIError {
      // The answer has begun, so its status is sent.
      record.note { record in
        if answers.hasHungUp { record.hasHungUp = true } else { record.failure = error.detail ?? error.message }
      }
      try await write(error.json, to: &writer)
    }
    try await writer.write(ByteBuffer(string: "data: [DONE]\n\n"))
    try await writer.finish(nil)
  }

  private func writeEvents(to writer: inout any ResponseBodyWriter) async throws {
    for choice in answers.choices {
      if let opening = format(choice).opening() { try await write(event([opening]), to: &writer) }
    }
    var first: Completion?
    if let only = answers.choices.first, answers.choices.count == 1 {
      first = try await writeEvents(of: only, to: &writer)
    } else {
      first = try await writeMergedEvents(to: &writer)
    }
    guard fields.includesUsage else { return }
    var last = head(Format.eventObject)
    last["choices"] = []
    last["usage"] = usage
    last["timings"] = first.map { timings($0) }
    if let layout, let first { last["prompt_layout"] = layout.json(first) }
    try await write(.object(last), to: &writer)
  }

  private func writeEvents(
    of choice: AnswerSet.Choice, to writer: inout any ResponseBodyWriter
  ) async throws
    -> Completion?
  {
    var events = ChoiceEvents(format(choice), metrics)
    while let event = try await answers.next(choice) {
      for json in events.take(event) { try await write(self.event([json]), to: &writer) }
      if case .finish(let completion) = event {
        finish(choice, completion)
        return completion
      }
    }
    throw APIError.own("an answer ended without its last event")
  }

  /// Writes the events of several choices in the order in which they come.
  private func writeMergedEvents(to writer: inout any ResponseBodyWriter) async throws -> Completion? {
    let (stream, continuation) = AsyncThrowingStream<(Int, GenerationEvent), any Error>.makeStream()
    let reading = Task { [answers] in
      do {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for (place, choice) in answers.choices.enumerated() {
            group.addTask {
              while let event = try await answers.next(choice) { continuation.yield((place, event)) }
            }
          }
          try await group.waitForAll()
        }
        continuation.finish()
      } catch {
        continuation.finish(throwing: error)
      }
    }
    defer { reading.cancel() }
    var events = answers.choices.map { ChoiceEvents(format($0), metrics) }
    var first: Completion?
    for try await (place, event) in stream {
      for json in events[place].take(event) { try await write(self.event([json]), to: &writer) }
      if case .finish(let completion) = event {
        finish(answers.choices[place], completion)
        if place == 0 { first = completion }
      }
    }
    return first
  }

  private func finish(_ choice: AnswerSet.Choice, _ completion: Completion) {
    record.add(completion, isFirstOfPrompt: choice.isFirstOfPrompt)
    if logsText { record.note { $0.answer = ($0.answer.map { $0 + "\n" } ?? "") + completion.text } }
  }

  private func format(_ choice: AnswerSet.Choice) -> Format {
    Format(index: choice.index, model: model.model, hasLogProbabilities: fields.options.logProbabilities != nil)
  }

  private func head(_ object: String) -> [String: JSONValue] {
    [
      "id": .string(id), "object": .string(object), "created": .integer(created), "model": .string(model.id),
      "system_fingerprint": .null,
    ]
  }

  private func event(_ choices: [JSONValue]) -> JSONValue {
    var json = head(Format.eventObject)
    json["choices"] = .array(choices)
    if fields.includesUsage { json["usage"] = .null }
    return .object(json)
  }

  private func write(_ json: JSONValue, to writer: inout any ResponseBodyWriter) async throws {
    try await writer.write(ByteBuffer(bytes: Array("data: ".utf8) + json.canonicalBytes + Array("\n\n".utf8)))
  }

  private var usage: JSONValue {
    let usage = record.known.usage ?? RequestRecord.Usage()
    return [
      "prompt_tokens": .integer(usage.promptTokens), "completion_tokens": .integer(usage.completionTokens),
      "total_tokens": .integer(usage.promptTokens + usage.completionTokens),
      "prompt_tokens_details": [
        "cached_tokens": .integer(usage.cachedTokens), "exact_tokens": .integer(usage.exactTokens),
      ],
    ]
  }

  private func timings(_ completion: Completion) -> JSONValue {
    [
      "ttft_ms": .number(completion.timings.timeToFirstToken), "prefill_ms": .number(completion.timings.prefill),
      "decode_tokens_per_second": .number(completion.timings.decodeTokensPerSecond),
    ]
  }
}

/// The events of one choice, as a client gets them.
private struct ChoiceEvents<Format: AnswerFormat> {
  private var format: Format
  private var pace: Pace
  /// Tokens whose text has not come yet.
  private var pending: [Completion.Position] = []

  init(_ format: Format, _ metrics: ServerMetrics) {
    self.format = format
    pace = Pace(metrics)
  }

  mutating func take(_ event: GenerationEvent) -> [JSONValue] {
    switch event {
    case .token(_, let position):
      pace.count()
      if let position { pending.append(position) }
      return []
    case .text(let text):
      defer { pending = [] }
      return [format.piece(text, pending)]
    case .finish(let completion):
      pace.end(completion)
      defer { pending = [] }
      // A token may have no text of its own.
      let rest = pending.isEmpty ? [] : [format.piece("", pending)]
      return rest + [format.closing(completion.finishReason)]
    }
  }
}

/// Measures the times between an answer's tokens.
private struct Pace {
  private let metrics: ServerMetrics
  private var last: ContinuousClock.Instant?

  init(_ metrics: ServerMetrics) { self.metrics = metrics }

  mutating func count() {
    let now = ContinuousClock.now
    if let last { metrics.betweenTokens.record(duration: now - last) }
    last = now
  }

  func end(_ completion: Completion) {
    metrics.timeToFirstToken.record(duration: .seconds(completion.timings.timeToFirstToken / 1000))
  }
}
