internal import Failure
internal import JSONText
internal import PromptCache

/// A request of `/v1/completions`.
struct CompletionRequest {
  /// What is to be gone on from.
  enum Prompt {
    case text(String)
    case tokens([Int32])
    case document(SourceFile)
  }

  /// How many prompts a request may have.
  static let mostPrompts = 16
  /// Tokens of an answer where the request does not say, as in OpenAI's API.
  private static let usualTokens = 16

  /// The prompts, each to be answered for itself.
  let prompts: [Prompt]
  /// What else it says.
  let answer: AnswerFields

  /// Reads a request.
  ///
  /// - Parameters:
  ///   - fields: the body's.
  ///   - limit: tokens that an answer may have at most.
  init(_ fields: RequestFields, limit: Int) throws(APIError) {
    guard let value = fields["prompt"] else { throw .invalid("the request has no `prompt`", parameter: "prompt") }
    prompts = try Self.prompts(value)
    answer = try AnswerFields(
      fields, maximumTokens: Self.usualTokens,
      logProbabilities: try fields.integer("logprobs", in: 0...AnswerFields.mostLikeliest), limit: limit)
  }

  private static func prompts(_ value: JSONValue) throws(APIError) -> [Prompt] {
    guard case .array(let elements) = value else { return [try prompt(value)] }
    if let first = elements.first, first.wholeNumber == nil {
      guard elements.count <= mostPrompts else {
        throw .invalid("`prompt` has \(elements.count) prompts, and \(mostPrompts) are the most", parameter: "prompt")
      }
      return try elements.map { element throws(APIError) in try prompt(element) }
    }
    return [try prompt(value)]
  }

  private static func prompt(_ value: JSONValue) throws(APIError) -> Prompt {
    switch value {
    case .string(let text):
      let source = SourceFile(path: "prompt", text: text)
      return PML.rootKind(of: source) == .prompt ? .document(source) : .text(text)
    case .array(let elements) where !elements.isEmpty:
      return .tokens(try RequestFields.tokens(elements, parameter: "prompt"))
    default: throw .invalid("`prompt` is neither text nor token IDs", parameter: "prompt")
    }
  }
}
