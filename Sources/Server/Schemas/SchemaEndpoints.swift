internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import JSONText
internal import PromptCache
internal import Threads

/// `/v1/schemas`.
struct SchemaEndpoints: Sendable {
  let registry: ModelRegistry
  let limits: RequestLimits

  @Sendable func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let tenant = try tenant(request, context)
    let listing = try await OwnThreads.run { try SchemaListing(of: tenant) }
    return Response(listing.json)
  }

  @Sendable func find(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (tenant, name) = (try tenant(request, context), try context.pathPart("name"))
    return try await OwnThreads.run { Response(try SchemaDescription(of: name, for: tenant).json) }
  }

  /// The documents of a schema's library, by page: `library` (the only one if left out), `after` (a name), `limit`.
  @Sendable func documents(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (tenant, name) = (try tenant(request, context), try context.pathPart("name"))
    let query = request.uri.queryParameters
    let (library, after) = (query["library"].map { String($0) }, query["after"].map { String($0) })
    let limit = query["limit"].map { Int($0) ?? 0 } ?? DocumentPage.defaultLimit
    guard DocumentPage.limits.contains(limit) else {
      throw APIError.invalid(
        "`limit` is not between \(DocumentPage.limits.lowerBound) and \(DocumentPage.limits.upperBound)",
        parameter: "limit")
    }
    return try await OwnThreads.run {
      Response(try DocumentPage(of: name, library: library, after: after, limit: limit, for: tenant).json)
    }
  }

  /// Compiles a schema, and warms it unless there is nothing to do.
  @Sendable func add(_ request: Request, _ context: ServerContext) async throws -> Response {
    let tenant = try tenant(request, context)
    let bytes = try await request.bytes(atMost: limits.bodyBytes, within: limits.bodyTime)
    let source = SourceFile(path: "schema", bytes: bytes)
    return try await OwnThreads.run {
      let (schema, warnings) = try tenant.compile(schema: source)
      let state = try tenant.warm(schema)
      let path = "/v1/schemas/\(Self.inPath(schema.name))/warming"
      var json = state.json
      json["progress"] = .string(path)
      json["diagnostics"] = warnings
      guard state.isUnderWay else { return Response(.object(json)) }
      return Response(.object(json), status: .accepted, headers: [.location: path])
    }
  }

  @Sendable func warming(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (tenant, name) = (try tenant(request, context), try context.pathPart("name"))
    guard let state = tenant.warmings.state(of: name) else {
      throw APIError.notFound(
        "nobody has sent schema \(name.quoted()) to this server since it was started", code: "schema_not_found")
    }
    return Response(.object(state.json))
  }

  private func tenant(_ request: Request, _ context: ServerContext) throws(APIError) -> Tenant {
    try registry.model(request.uri.queryParameters["model"].map { String($0) }).tenant(context.namespace)
  }

  private static func inPath(_ name: String) -> String {
    name.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~"))) ?? name
  }
}
