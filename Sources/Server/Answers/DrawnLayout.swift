internal import JSONText
internal import PromptCache

/// What a prompt in PML is made of, for a page to draw: parts in the order of their positions, with what came from where.
struct DrawnLayout: Sendable {
  private struct Part {
    /// Of the module; `nil` for new text.
    let path: String?
    let start: Int
    let tokens: Int
    let computed: Int
    let exact: Int
    /// How well a module of a library suits, where it was found.
    let score: Double?
  }

  private let parts: [Part]
  private let cachedTokens: Int
  private let exactTokens: Int

  /// `nil` for a prompt without a schema.
  init?(of prompt: PreparedPrompt) {
    guard let schema = prompt.document?.prompt.schema, !prompt.prompt.parts.isEmpty else { return nil }
    let found = prompt.document?.prompt.foundDocuments ?? []
    let scores = Dictionary(found.map { ($0.path.description, $0.score) }) { first, _ in first }
    var parts: [Part] = []
    for part in prompt.prompt.parts {
      let path = schema.path(of: part.content)
      // Segments of one module that follow each other are one.
      if let last = parts.last, last.path == path, last.start + last.tokens == part.start {
        parts[parts.count - 1] = Part(
          path: path, start: last.start, tokens: last.tokens + part.tokens, computed: last.computed + part.computed,
          exact: last.exact + part.exact, score: last.score)
      } else {
        parts.append(
          Part(
            path: path, start: part.start, tokens: part.tokens, computed: part.computed, exact: part.exact,
            score: path.flatMap { scores[$0] } ?? nil))
      }
    }
    self.parts = parts
    cachedTokens = prompt.prompt.parts.reduce(0) { $0 + $1.cached }
    exactTokens = prompt.prompt.parts.reduce(0) { $0 + $1.exact }
  }

  /// The parts, once it is known how much of what had no states in the store was remembered: the first tokens of that.
  func json(_ completion: Completion) -> JSONValue {
    var remembered = completion.usage.cachedTokens - cachedTokens
    var exact = completion.usage.exactTokens - exactTokens
    return .array(
      parts.map { part in
        let recalled = min(max(remembered, 0), part.computed)
        remembered -= recalled
        let recalledExactly = min(max(exact, 0), recalled)
        exact -= recalledExactly
        var json: [String: JSONValue] = [
          "path": part.path.map { .string($0) } ?? .null, "start": .integer(part.start),
          "tokens": .integer(part.tokens), "cached": .integer(part.tokens - part.computed + recalled),
          "exact": .integer(part.exact + recalledExactly), "computed": .integer(part.computed - recalled),
        ]
        json["score"] = part.score.map { .number($0) }
        return .object(json)
      })
  }
}
