import PMLCompiler

/// Contexts by their definition: all prompts of a schema, and what is present in each of them.
struct ContextReference {
  struct Seen: Hashable {
    let item: SchemaLayout.Item
    let scaffold: Int?
    let position: Int
  }

  let schema: Schema
  let layout: SchemaLayout
  private let prompts: [Set<ModulePath>]

  init(schema: Schema, layout: SchemaLayout) {
    self.schema = schema
    self.layout = layout
    prompts = Presence.prompts(of: schema.nodes).map { $0.union([.root]) }
  }

  /// Items of modules that are cached, in document order.
  func encodedItems() -> [SchemaLayout.Item] { items(of: 0) }

  private func items(of module: Int) -> [SchemaLayout.Item] {
    layout.modules[module].content.flatMap { content -> [SchemaLayout.Item] in
      switch content {
      case .item(let item): layout.modules[module].isCached ? [item] : []
      case .module(let child): items(of: child)
      case .unionScaffold: []
      }
    }
  }

  private func path(of item: SchemaLayout.Item) -> ModulePath { layout.modules[layout.module(of: item)].path }

  private func start(of item: SchemaLayout.Item) -> Int { layout.positions(of: item).lowerBound }

  func context(of item: SchemaLayout.Item, in scaffold: Int?) -> [Seen] {
    let own = layout.modules[layout.module(of: item)]
    let before = encodedItems().filter { start(of: $0) < start(of: item) }
    let listed = scaffold.map { schema.scaffolds[$0].modules } ?? []
    let seenInScaffold = before.filter { listed.contains(path(of: $0)) }
    var seen: [SchemaLayout.Item]
    if own.attention == .isolated {
      seen = before.filter { path(of: $0) == own.path }
    } else {
      let certain = prompts.filter { $0.contains(own.path) }.reduce(Set(prompts.joined())) { $0.intersection($1) }
      let members = scaffoldMembers(ahead: item)
      seen = before.filter { certain.contains(path(of: $0)) || members.contains(path(of: $0)) }
    }
    let plain = seen.filter { !listed.contains(path(of: $0)) }.map {
      Seen(item: $0, scaffold: nil, position: start(of: $0))
    }
    var all = plain + seenInScaffold.map { Seen(item: $0, scaffold: scaffold, position: start(of: $0)) }
    if own.attention == .isolated, own.path != .root, layout.segments.first?.kind == .beginOfSequence {
      let place = scaffold == nil ? own.start - 1 : 0
      all.insert(Seen(item: .segment(0), scaffold: nil, position: place), at: 0)
    }
    return all.sorted { ($0.position, $0.scaffold ?? -1) < ($1.position, $1.scaffold ?? -1) }
  }

  /// The same in document order, side by side: from position 0 on, or with BOS ahead of it where a module is isolated.
  func compactContext(of item: SchemaLayout.Item, in scaffold: Int?) -> [Seen] {
    let own = layout.modules[layout.module(of: item)]
    let items = encodedItems()
    var end = own.attention == .isolated && own.path != .root && scaffold == nil ? -1 : 0
    let seen = context(of: item, in: scaffold).sorted { one, other in
      (items.firstIndex(of: one.item) ?? -1) < (items.firstIndex(of: other.item) ?? -1)
    }
    return seen.map { seen in
      defer { end += layout.encodedTokenCount(of: seen.item) }
      return Seen(item: seen.item, scaffold: seen.scaffold, position: end)
    }
  }

  /// Members that stand in the context of `item` because their union says so: the union lies ahead in the module that
  /// holds it, and `item` is in that module.
  private func scaffoldMembers(ahead item: SchemaLayout.Item) -> Set<ModulePath> {
    var members: Set<ModulePath> = []
    let holders =
      [(ModulePath.root, schema.nodes)]
      + RandomSchema.modules(in: schema.nodes, at: .root).map { ($0.path, $0.module.nodes) }
    for (holder, nodes) in holders where path(of: item).isWithin(holder) {
      for case .union(let union) in nodes {
        let end =
          union.members.compactMap { layout.module(at: holder.appending($0.name)) }
          .map { layout.modules[$0].start + layout.modules[$0].length }.max() ?? 0
        if let scaffold = union.representative, start(of: item) >= end { members.insert(holder.appending(scaffold)) }
      }
    }
    return members
  }
}
