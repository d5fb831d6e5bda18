internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import PromptCache

/// What is done around every request: it gets an id, its errors become answers, and a line in the log and the metrics say
/// what became of it.
struct RequestMiddleware: RouterMiddleware {
  let logger: Logger
  let metrics: ServerMetrics
  /// What there is.
  let table: RouteTable

  private static let idName = HTTPField.Name("X-Request-Id")
  /// What is taken of an id that a client gives.
  private static let idLimit = 128

  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    let start = ContinuousClock.now
    let id = Self.id(of: request)
    context.record.note { $0.id = id }
    var response: Response
    do {
      response = try await next(request, context)
    } catch {
      let failure = self.error(error, request)
      if let detail = failure.detail { context.record.note { $0.failure = detail } }
      response = Response(failure)
    }
    // What is left of such a body is not waited for.
    let endsConnection = [.contentTooLarge, .requestTimeout].contains(response.status)
    if let name = Self.idName { response.headers[name] = id }
    if endsConnection { response.headers[.connection] = "close" }
    let (status, body, route) = (response.status, response.body, context.endpointPath ?? "none")
    response.body = ResponseBody(contentLength: body.contentLength) { writer in
      defer {
        if endsConnection { context.channel.close(promise: nil) }
        finish(request, context, status: status, route: route, took: ContinuousClock.now - start)
      }
      // The head of an answer says how long its body would be.
      try await (request.method == .head ? ResponseBody() : body).write(writer)
    }
    return response
  }

  private func finish(
    _ request: Request, _ context: ServerContext, status: HTTPResponse.Status, route: String, took: Duration
  ) {
    let known = context.record.known
    metrics.count(route: route, status: status.code, usage: known.usage, took: took)
    var fields: Logger.Metadata = [
      "id": "\(known.id)", "method": "\(request.method)", "route": "\(route)", "status": .number(status.code),
      "ms": .number(took.milliseconds),
    ]
    if !known.namespace.isEmpty { fields["namespace"] = "\(known.namespace)" }
    if let model = known.model { fields["model"] = "\(model)" }
    if let schema = known.schema { fields["schema"] = "\(schema)" }
    if let usage = known.usage {
      fields["prompt_tokens"] = .number(usage.promptTokens)
      fields["cached_tokens"] = .number(usage.cachedTokens)
      fields["completion_tokens"] = .number(usage.completionTokens)
      if let time = usage.timeToFirstToken { fields["ttft_ms"] = .number(Int(time.rounded())) }
    }
    if let prompt = known.prompt { fields["prompt"] = "\(prompt)" }
    if let answer = known.answer { fields["answer"] = "\(answer)" }
    if known.hasHungUp { fields["hung_up"] = "true" }
    if let failure = known.failure { fields["error"] = "\(failure)" }
    // Those who ask whether it is alive, or for figures, ask all the time.
    let isProbe = ["/health", "/healthz", "/readyz", "/metrics"].contains(route)
    logger.log(level: known.failure != nil ? .error : isProbe ? .debug : .info, "request", metadata: fields)
  }

  /// The id that the client gives, if it is harmless, else one of ours.
  private static func id(of request: Request) -> String {
    if let name = idName, let id = request.headers[name], !id.isEmpty, id.utf8.count <= idLimit,
      id.utf8.allSatisfy({ (0x21..<0x7F).contains($0) })
    {
      return id
    }
    return "req-" + RandomName.make()
  }

  /// What the client is told of an error.
  private func error(_ error: any Error, _ request: Request) -> APIError {
    switch error {
    case let error as APIError: return error
    case let error as PromptCacheError: return APIError(error)
    case is CancellationError: return .unavailable("the request was stopped", code: "cancelled", retryAfter: 1)
    case let error as HTTPError where error.status == .notFound:
      if let allowed = table.methods(at: request.uri.path) {
        return APIError(
          status: .methodNotAllowed, kind: .invalidRequest,
          message: "\(request.method.rawValue) is not what \(request.uri.path.quoted()) takes",
          code: "method_not_allowed", allowed: allowed)
      }
      return .notFound("there is no \(request.uri.path.quoted()) here", code: "not_found")
    case let error as HTTPError where (400..<500).contains(error.status.code):
      return APIError(
        status: error.status, kind: .invalidRequest, message: error.body ?? error.status.reasonPhrase)
    default: return .own("\(error)")
    }
  }
}

extension Logger.MetadataValue {
  /// A number, which JSON shows as one.
  static func number(_ value: Int) -> Self { .stringConvertible(value) }
}

extension Duration {
  /// In milliseconds, rounded down.
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
  }

  /// In seconds.
  var seconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) / 1e18
  }
}
