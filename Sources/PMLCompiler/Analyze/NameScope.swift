/// What a module (or the schema) holds, by name. Unions and roles open no scope of their own.
struct NameScope {
  /// A module of the scope.
  struct Member {
    let module: Schema.Module
    /// Number of the module in the scope, in document order.
    let index: Int
    /// Number of the union that it is a member of, among the scope's unions.
    let union: Int?
    /// The library that this is instead; `module` is one without content then.
    let library: Schema.Library?
  }

  private(set) var members: [String: Member] = [:]
  /// Names of the modules in document order.
  private(set) var moduleNames: [String] = []
  private(set) var parameters: [String: Schema.Parameter] = [:]
  /// Names of the parameters in document order.
  private(set) var parameterNames: [String] = []
  private var unionCount = 0

  init(_ nodes: [Schema.Node]) {
    for node in nodes {
      switch node {
      case .text: break
      case .parameter(let parameter):
        if parameters.updateValue(parameter, forKey: parameter.name) == nil { parameterNames.append(parameter.name) }
      case .module(let module): add(module, union: nil)
      case .union(let union):
        for member in union.members { add(member, union: unionCount) }
        unionCount += 1
      case .library(let library):
        let stand = Schema.Module(name: library.name, attention: .isolated, cache: false, nodes: [])
        add(stand, union: nil, library: library)
      }
    }
  }

  private mutating func add(_ module: Schema.Module, union: Int?, library: Schema.Library? = nil) {
    guard members[module.name] == nil else { return }
    members[module.name] = Member(module: module, index: members.count, union: union, library: library)
    moduleNames.append(module.name)
  }
}

/// The scopes of a schema, each made when it is asked for.
final class ScopeTable {
  private let schema: Schema
  private var scopes: [ModulePath: NameScope] = [:]

  init(_ schema: Schema) { self.schema = schema }

  /// The schema's own scope.
  var root: NameScope { scope(at: .root) { schema.nodes } }

  /// The scope of `module`, which stands at `path`.
  func scope(of module: Schema.Module, at path: ModulePath) -> NameScope { scope(at: path) { module.nodes } }

  private func scope(at path: ModulePath, nodes: () -> [Schema.Node]) -> NameScope {
    if let scope = scopes[path] { return scope }
    let scope = NameScope(nodes())
    scopes[path] = scope
    return scope
  }
}
