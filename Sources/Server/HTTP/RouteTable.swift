internal import HTTPTypes

/// Which methods each resource takes.
struct RouteTable: Sendable {
  private struct Route {
    /// Its path's components; those that begin with a colon stand for any.
    let components: [Substring]
    let methods: [HTTPRequest.Method]
  }

  private var routes: [Route] = []

  /// Adds a resource.
  mutating func add(_ path: String, _ methods: some Sequence<HTTPRequest.Method>) {
    routes.append(
      Route(components: path.split(separator: "/"), methods: methods.sorted { $0.rawValue < $1.rawValue }))
  }

  /// What the resource at `path` takes; `nil` where there is none.
  func methods(at path: String) -> [HTTPRequest.Method]? {
    let components = path.split(separator: "/")
    return routes.first { route in
      route.components.count == components.count
        && zip(route.components, components).allSatisfy { $0.hasPrefix(":") || $0 == $1 }
    }?.methods
  }
}
