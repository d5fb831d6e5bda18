internal import Hummingbird
internal import JSONText
internal import PromptCache

/// `/tokenize`, `/detokenize` and `/apply-template`, as llama.cpp's server has them.
struct TokenEndpoints: Sendable {
  let registry: ModelRegistry
  let limits: RequestLimits

  @Sendable func tokenize(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (fields, model) = try await read(request)
    guard let text = try fields.string("content") else {
      throw APIError.invalid("the request has no `content`", parameter: "content")
    }
    let tokenizer = model.model.tokenizer
    let parsesSpecial = try fields.flag("parse_special") ?? true
    var tokens = parsesSpecial ? tokenizer.tokens(ofTemplate: text) : tokenizer.tokens(of: text)
    if try fields.flag("add_special") ?? false, let first = tokenizer.beginOfSequence { tokens.insert(first, at: 0) }
    guard try fields.flag("with_pieces") ?? false else { return Response(["tokens": .integers(tokens)]) }
    let texts = TokenTexts(model: model.model)
    return Response([
      "tokens": .array(
        tokens.map { token in
          let bytes = texts.bytes(of: token)
          // What is no text stands as bytes.
          let piece: JSONValue =
            String(validating: bytes, as: UTF8.self).map { .string($0) } ?? .integers(bytes)
          return ["id": .integer(Int(token)), "piece": piece]
        })
    ])
  }

  @Sendable func detokenize(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (fields, model) = try await read(request)
    guard let tokens = try fields.tokens("tokens") else {
      throw APIError.invalid("the request has no `tokens`", parameter: "tokens")
    }
    return Response(["content": .string(model.model.tokenizer.text(of: tokens))])
  }

  @Sendable func applyTemplate(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (fields, model) = try await read(request)
    guard let messages = try Message.read(fields), !messages.isEmpty else {
      throw APIError.invalid("the request has no `messages`", parameter: "messages")
    }
    do throws(PromptCacheError) {
      let text = try model.model.text(of: messages.map { ChatMessage(role: $0.role.rawValue, text: $0.text) })
      return Response(["prompt": .string(text)])
    } catch {
      throw APIError(error)
    }
  }

  private func read(_ request: Request) async throws -> (RequestFields, ServedModel) {
    let fields = try await request.fields(within: limits)
    return (fields, try registry.model(try fields.string("model")))
  }
}
