internal import Hummingbird
internal import JSONText
internal import PromptCache

/// `/v1/models`.
struct ModelEndpoints: Sendable {
  let registry: ModelRegistry

  @Sendable func list(_ request: Request, _ context: ServerContext) -> Response {
    Response(["object": "list", "data": .array(registry.models.map(\.json))])
  }

  @Sendable func find(_ request: Request, _ context: ServerContext) throws -> Response {
    Response(try registry.model(context.pathPart("id")).json)
  }
}

extension ServedModel {
  fileprivate var json: JSONValue {
    [
      "id": .string(id), "object": "model", "created": .integer(created), "owned_by": "pmlc",
      // As vLLM has it.
      "max_model_len": .integer(model.tokenizer.contextLength),
    ]
  }
}
