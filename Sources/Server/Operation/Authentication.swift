internal import HTTPTypes
internal import Hummingbird

/// Finds out whose request it is.
struct Authentication: RouterMiddleware {
  /// `nil` where everybody may ask.
  let keys: APIKeys?
  /// Whose requests they all are then.
  let namespace: String

  func handle(
    _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    context.namespace = try owner(of: request)
    context.record.note { [namespace = context.namespace] in $0.namespace = namespace }
    return try await next(request, context)
  }

  private func owner(of request: Request) throws(APIError) -> String {
    guard let keys else { return namespace }
    let words = (request.headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].lowercased() == "bearer" else {
      throw Self.error("the request has no key: send it as `Authorization: Bearer KEY`")
    }
    guard let namespace = keys.namespace(of: words[1].utf8) else { throw Self.error("the key is not known here") }
    return namespace
  }

  private static func error(_ message: String) -> APIError {
    APIError(status: .unauthorized, kind: .authentication, message: message, code: "invalid_api_key")
  }
}
