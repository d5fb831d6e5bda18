internal import HTTPTypes
internal import Hummingbird
internal import PromptCache

/// What is where.
struct Routes {
  /// The resources that a server has.
  private(set) var table = RouteTable()

  let registry: ModelRegistry
  let limits: RequestLimits
  let connections: Connections
  let drain: Drain
  let metrics: ServerMetrics
  let prometheus: PrometheusRegistry
  let memories: ConversationMemories
  let place: StorePlace
  let authentication: Authentication

  private typealias Endpoint = @Sendable (Request, ServerContext) async throws -> Response

  /// Adds all routes to `router`.
  mutating func add(to router: RouteCollection<ServerContext>) {
    let health = HealthEndpoints(registry: registry, drain: drain)
    add("/health", [.get: health.health], to: router)
    add("/healthz", [.get: health.alive], to: router)
    add("/readyz", [.get: health.ready], to: router)

    let page = PageEndpoint()
    add("/", [.get: page.page], to: router)
    add("/openapi.json", [.get: page.description], to: router)

    let group = router.group().add(middleware: authentication)
    let models = ModelEndpoints(registry: registry)
    add("/v1/models", [.get: models.list], to: group)
    add("/v1/models/:id", [.get: models.find], to: group)
    let answers = AnswerEndpoints(registry: registry, limits: limits, connections: connections, metrics: metrics)
    add("/v1/chat/completions", [.post: unlessDraining(answers.chat)], to: group)
    add("/v1/completions", [.post: unlessDraining(answers.complete)], to: group)
    let schemas = SchemaEndpoints(registry: registry, limits: limits)
    add("/v1/schemas", [.get: schemas.list, .post: unlessDraining(schemas.add)], to: group)
    add("/v1/schemas/:name", [.get: schemas.find], to: group)
    add("/v1/schemas/:name/documents", [.get: schemas.documents], to: group)
    add("/v1/schemas/:name/warming", [.get: schemas.warming], to: group)
    let tokens = TokenEndpoints(registry: registry, limits: limits)
    add("/tokenize", [.post: tokens.tokenize], to: group)
    add("/detokenize", [.post: tokens.detokenize], to: group)
    add("/apply-template", [.post: tokens.applyTemplate], to: group)
    let figures = MetricsEndpoint(
      registry: registry, metrics: metrics, prometheus: prometheus, connections: connections, memories: memories,
      place: place)
    add("/metrics", [.get: figures.show], to: group)
  }

  private mutating func add(
    _ path: String, _ endpoints: [HTTPRequest.Method: Endpoint], to router: some RouterMethods<ServerContext>
  ) {
    table.add(path, endpoints.keys)
    for (method, endpoint) in endpoints {
      router.on(RouterPath(path), method: method, use: endpoint)
      // The head of an answer: what is around each request leaves the body out.
      if method == .get { router.on(RouterPath(path), method: .head, use: endpoint) }
    }
  }

  private func unlessDraining(_ endpoint: @escaping Endpoint) -> Endpoint {
    { [drain] request, context in
      guard !drain.hasBegun else { throw Drain.error }
      return try await endpoint(request, context)
    }
  }
}
