/// What part of a schema stands before a prompt's new text.
struct PromptSurroundings {
  private let schema: Schema
  private let template: ChatTemplate
  private let imports: Set<ModulePath>

  init(_ schema: Schema, template: ChatTemplate, imports: Set<ModulePath>) {
    self.schema = schema
    self.template = template
    self.imports = imports
  }

  /// Whether the schema has a system element.
  var hasSystemRole: Bool { schema.nodes.contains { $0.holds(template.system) } }

  /// What stands before new text at the end: all that is present. `flow` is that of the new text before it.
  func flowAtEnd(_ flow: TextFlow) -> TextFlow {
    var flow = flow
    walk(schema.nodes, in: .root, &flow)
    return flow
  }

  /// What stands before new text ahead of the reference to `module`: what `previous` takes, or else the schema's own text
  /// ahead of the module. `flow` is that of the new text before it.
  func flow(_ flow: TextFlow, before module: ModulePath, after previous: ModulePath?) -> TextFlow {
    var flow = flow
    for node in schema.nodes {
      if let previous {
        if node.holds(previous) {
          walk([node], in: .root, &flow)
          return flow
        }
        if !node.isEmpty { flow.advance() }
      } else {
        if node.holds(module) { break }
        if case .text = node { walk([node], in: .root, &flow) }
      }
    }
    return flow
  }

  private func walk(_ nodes: [Schema.Node], in path: ModulePath, _ flow: inout TextFlow) {
    for node in nodes {
      switch node {
      case .text(let run):
        flow.advance()
        flow.followsSystem = run.origin == .template && run.text == template.system.suffix
      case .parameter: flow.advance()
      case .module(let module): walk(module, in: path, &flow)
      case .union(let union): for member in union.members { walk(member, in: path, &flow) }
      case .library(let library): if imports.contains(path.appending(library.name)) { flow.advance() }
      }
    }
  }

  private func walk(_ module: Schema.Module, in parent: ModulePath, _ flow: inout TextFlow) {
    let path = parent.appending(module.name)
    if imports.contains(path) { walk(module.nodes, in: path, &flow) }
  }
}

extension Schema.Node {
  /// Whether it is the module at `path`, at the schema's top, or a union with it.
  fileprivate func holds(_ path: ModulePath) -> Bool {
    switch self {
    case .text, .parameter: false
    case .module(let module): module.name == path.name
    case .union(let union): union.members.contains { $0.name == path.name }
    case .library(let library): library.name == path.name
    }
  }

  /// Whether text that `parts` puts around a role is in it.
  fileprivate func holds(_ parts: ChatTemplate.Parts) -> Bool {
    switch self {
    case .text(let run): run.origin == .template && (run.text == parts.prefix || run.text == parts.suffix)
    case .parameter, .library: false
    case .module(let module): module.nodes.contains { $0.holds(parts) }
    case .union(let union): union.members.contains { $0.nodes.contains { $0.holds(parts) } }
    }
  }

  /// Whether it takes no positions.
  fileprivate var isEmpty: Bool {
    switch self {
    case .text, .parameter, .library: false
    case .module(let module): module.nodes.allSatisfy(\.isEmpty)
    case .union(let union): union.members.allSatisfy { $0.nodes.allSatisfy(\.isEmpty) }
    }
  }
}
