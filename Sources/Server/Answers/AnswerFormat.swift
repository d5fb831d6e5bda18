internal import JSONText
internal import PromptCache

/// How an endpoint writes answers.
protocol AnswerFormat: Sendable {
  /// What an answer's id begins with.
  static var idPrefix: String { get }
  /// The `object` of a whole answer.
  static var object: String { get }
  /// The `object` of an event.
  static var eventObject: String { get }

  /// A writer of one choice.
  init(index: Int, model: LoadedModel, hasLogProbabilities: Bool)

  /// The choice as a whole.
  func whole(_ completion: Completion) -> JSONValue
  /// What opens the choice in a stream, if anything does.
  func opening() -> JSONValue?
  /// Text that has come, with the tokens that became known since the last piece.
  mutating func piece(_ text: String, _ positions: [Completion.Position]) -> JSONValue
  /// What ends the choice in a stream.
  func closing(_ reason: Completion.FinishReason) -> JSONValue
}

extension AnswerFormat {
  /// The members of a choice that both endpoints have.
  static func choice(
    _ index: Int, finishReason: Completion.FinishReason?, _ members: [String: JSONValue]
  ) -> JSONValue {
    var choice = members
    choice["index"] = .integer(index)
    choice["finish_reason"] = finishReason.map { .string($0.rawValue) } ?? .null
    return .object(choice)
  }
}

/// The answers of `/v1/chat/completions`.
struct ChatFormat: AnswerFormat {
  static let idPrefix = "chatcmpl-"
  static let object = "chat.completion"
  static let eventObject = "chat.completion.chunk"

  private let index: Int
  private let tokens: TokenTexts
  private let hasLogProbabilities: Bool

  init(index: Int, model: LoadedModel, hasLogProbabilities: Bool) {
    self.index = index
    tokens = TokenTexts(model: model)
    self.hasLogProbabilities = hasLogProbabilities
  }

  func whole(_ completion: Completion) -> JSONValue {
    Self.choice(
      index, finishReason: completion.finishReason,
      [
        "message": ["role": "assistant", "content": .string(completion.text), "refusal": .null],
        "logprobs": logProbabilities(completion.logProbabilities ?? []),
      ])
  }

  func opening() -> JSONValue? {
    Self.choice(
      index, finishReason: nil, ["delta": ["role": "assistant", "content": ""], "logprobs": .null])
  }

  func piece(_ text: String, _ positions: [Completion.Position]) -> JSONValue {
    Self.choice(
      index, finishReason: nil, ["delta": ["content": .string(text)], "logprobs": logProbabilities(positions)])
  }

  func closing(_ reason: Completion.FinishReason) -> JSONValue {
    Self.choice(index, finishReason: reason, ["delta": [:], "logprobs": .null])
  }

  private func logProbabilities(_ positions: [Completion.Position]) -> JSONValue {
    guard hasLogProbabilities else { return .null }
    let content = positions.map { position in
      var entry = entry(position.token, position.logProbability)
      entry["top_logprobs"] = .array(position.top.map { .object(self.entry($0.token, $0.logProbability)) })
      return JSONValue.object(entry)
    }
    return ["content": .array(content), "refusal": .null]
  }

  private func entry(_ token: Int32, _ logProbability: Float) -> [String: JSONValue] {
    let bytes = tokens.bytes(of: token)
    return [
      "token": .string(String(decoding: bytes, as: UTF8.self)), "logprob": .logProbability(logProbability),
      "bytes": .integers(bytes),
    ]
  }
}

/// The answers of `/v1/completions`.
struct CompletionFormat: AnswerFormat {
  static let idPrefix = "cmpl-"
  static let object = "text_completion"
  static let eventObject = "text_completion"

  private let index: Int
  private let tokens: TokenTexts
  private let hasLogProbabilities: Bool
  /// Characters of the answer's text that earlier pieces had.
  private var offset = 0

  init(index: Int, model: LoadedModel, hasLogProbabilities: Bool) {
    self.index = index
    tokens = TokenTexts(model: model)
    self.hasLogProbabilities = hasLogProbabilities
  }

  func whole(_ completion: Completion) -> JSONValue {
    var offset = 0
    return Self.choice(
      index, finishReason: completion.finishReason,
      [
        "text": .string(completion.text),
        "logprobs": logProbabilities(completion.logProbabilities ?? [], from: &offset),
      ])
  }

  func opening() -> JSONValue? { nil }

  mutating func piece(_ text: String, _ positions: [Completion.Position]) -> JSONValue {
    Self.choice(
      index, finishReason: nil,
      ["text": .string(text), "logprobs": logProbabilities(positions, from: &offset)])
  }

  func closing(_ reason: Completion.FinishReason) -> JSONValue {
    Self.choice(index, finishReason: reason, ["text": "", "logprobs": .null])
  }

  private func logProbabilities(_ positions: [Completion.Position], from offset: inout Int) -> JSONValue {
    guard hasLogProbabilities else { return .null }
    var (texts, offsets): ([JSONValue], [JSONValue]) = ([], [])
    for position in positions {
      let text = tokens.text(of: position.token)
      texts.append(.string(text))
      offsets.append(.integer(offset))
      offset += text.unicodeScalars.count
    }
    return [
      "tokens": .array(texts), "text_offset": .array(offsets),
      "token_logprobs": .array(positions.map { .logProbability($0.logProbability) }),
      "top_logprobs": .array(
        positions.map { position in
          // Tokens may be spelled alike; the likelier one stands.
          .object(
            Dictionary(position.top.map { (tokens.text(of: $0.token), .logProbability($0.logProbability)) }) {
              first, _ in first
            })
        }),
    ]
  }
}

extension JSONValue {
  /// In as few digits as tell the number apart. JSON has no infinity: a token that cannot come has the logarithm that
  /// OpenAI's API gives it.
  fileprivate static func logProbability(_ value: Float) -> Self { .number(max(Double("\(value)") ?? -9999, -9999)) }
}
