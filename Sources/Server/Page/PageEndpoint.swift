internal import HTTPTypes
internal import Hummingbird

/// `/` and `/openapi.json`.
struct PageEndpoint: Sendable {
  /// Nothing but this server is asked, and no other page may frame it.
  private static let policy =
    "default-src 'none'; connect-src 'self'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

  @Sendable func page(_ request: Request, _ context: ServerContext) -> Response {
    Response(
      bytes: PackageResources.page_html, type: "text/html; charset=utf-8",
      headers: [.contentSecurityPolicy: Self.policy, .xContentTypeOptions: "nosniff", .cacheControl: "no-cache"])
  }

  @Sendable func description(_ request: Request, _ context: ServerContext) -> Response {
    Response(bytes: PackageResources.openapi_json, type: "application/json")
  }
}
