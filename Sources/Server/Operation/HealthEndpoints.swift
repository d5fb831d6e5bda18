internal import Hummingbird
internal import JSONText

/// Whether the server is alive, and whether it is ready.
struct HealthEndpoints: Sendable {
  let registry: ModelRegistry
  let drain: Drain

  /// Alive, and in llama.cpp's words whether it is ready.
  @Sendable func health(_ request: Request, _ context: ServerContext) -> Response {
    registry.areReady ? Response(["status": "ok"]) : Response(APIError.loading)
  }

  /// Alive.
  @Sendable func alive(_ request: Request, _ context: ServerContext) -> Response { Response(["status": "ok"]) }

  /// Ready for requests.
  @Sendable func ready(_ request: Request, _ context: ServerContext) -> Response {
    if drain.hasBegun { return Response(Drain.error) }
    return registry.areReady ? Response(["status": "ok"]) : Response(APIError.loading)
  }
}
