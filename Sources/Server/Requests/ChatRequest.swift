internal import Failure
internal import JSONText
internal import PromptCache

/// A request of `/v1/chat/completions`.
struct ChatRequest {
  /// A prompt's document, if there is one.
  let document: SourceFile?
  /// The conversation; it follows the document.
  let messages: [Message]
  /// What else it says.
  let answer: AnswerFields

  /// Reads a request.
  ///
  /// - Parameters:
  ///   - fields: the body's.
  ///   - limit: tokens that an answer may have at most.
  init(_ fields: RequestFields, limit: Int) throws(APIError) {
    document = try fields.string("pml").map { SourceFile(path: "pml", text: $0) }
    let messages = try Message.read(fields)
    self.messages = messages ?? []
    if document == nil, self.messages.isEmpty {
      throw .invalid(
        messages == nil ? "the request has neither `messages` nor `pml`" : "`messages` is empty", parameter: "messages")
    }
    let asksForLikeliest = try fields.flag("logprobs") ?? false
    let likeliest = try fields.integer("top_logprobs", in: 0...AnswerFields.mostLikeliest)
    if likeliest ?? 0 > 0, !asksForLikeliest {
      throw .invalid("`top_logprobs` needs `logprobs` to be true", parameter: "top_logprobs")
    }
    answer = try AnswerFields(
      fields, maximumTokens: .max, logProbabilities: asksForLikeliest ? likeliest ?? 0 : nil, limit: limit)
  }
}
