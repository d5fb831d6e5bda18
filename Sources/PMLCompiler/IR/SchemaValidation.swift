internal import Failure

extension Schema {
  /// Checks what the analysis of a document guarantees, for schemas that come out of a file.
  func validate() throws(IRError) {
    guard XMLName.isUnprefixed(name) else { throw .invalid("\(name.quoted()) is no name") }
    var modules: [ModulePath: ModuleFacts] = [:]
    try Self.validate(nodes, in: .root, unions: [], modules: &modules)
    for scaffold in scaffolds { try Self.validate(scaffold, modules: modules) }
  }

  private struct ModuleFacts {
    let cache: Bool
    /// The unions around it, outermost first, and which member of each it is or lies in.
    let unions: [(number: Int, member: String)]
  }

  private static func validate(
    _ nodes: [Node], in path: ModulePath, unions: [(number: Int, member: String)],
    modules: inout [ModulePath: ModuleFacts]
  ) throws(IRError) {
    var parameters: Set<String> = []
    for node in nodes {
      switch node {
      case .text(let run):
        guard !run.text.isEmpty else { throw .invalid("an empty run of text in \(path.description.quoted())") }
      case .parameter(let parameter):
        guard path != .root, parameters.insert(parameter.name).inserted, XMLName.isUnprefixed(parameter.name) else {
          throw .invalid(
            "parameter \(parameter.name.quoted()) in \(path.description.quoted()) stands outside a module, is there twice "
              + "or is no name")
        }
        guard (1...AttributeRule.Value.longestParameter).contains(parameter.length) else {
          throw .invalid("parameter \(parameter.name.quoted()) has \(parameter.length) positions")
        }
      case .module(let module):
        try validate(module, in: path, unions: unions, modules: &modules)
      case .library(let library):
        guard path == .root, unions.isEmpty, XMLName.isUnprefixed(library.name),
          modules.updateValue(ModuleFacts(cache: false, unions: []), forKey: .root.appending(library.name)) == nil
        else {
          throw .invalid("library \(library.name.quoted()) stands in a module, is there twice or is no name")
        }
        guard (1...AttributeRule.Value.longestParameter).contains(library.window), library.count >= 0 else {
          throw .invalid(
            "library \(library.name.quoted()) has \(library.window) positions, or \(library.count) modules")
        }
      case .union(let union):
        // Each union is known by how many modules precede it; none is without members.
        let number = modules.count
        guard !union.members.isEmpty,
          union.representative.map({ name in union.members.contains { $0.name == name } }) ?? true
        else {
          throw .invalid("a union in \(path.description.quoted()) has no members, or its scaffold is none of them")
        }
        for member in union.members {
          try validate(member, in: path, unions: unions + [(number, member.name)], modules: &modules)
        }
      }
    }
  }

  private static func validate(
    _ module: Module, in parent: ModulePath, unions: [(number: Int, member: String)],
    modules: inout [ModulePath: ModuleFacts]
  ) throws(IRError) {
    let path = parent.appending(module.name)
    guard path.depth <= DocumentLimits.depth else { throw .invalid("modules are nested \(path.depth) deep") }
    let facts = ModuleFacts(cache: module.cache, unions: unions)
    guard XMLName.isUnprefixed(module.name), modules.updateValue(facts, forKey: path) == nil else {
      throw .invalid("module \(path.description.quoted()) is there twice, or is no name")
    }
    try validate(module.nodes, in: path, unions: unions, modules: &modules)
  }

  private static func validate(_ scaffold: Scaffold, modules: [ModulePath: ModuleFacts]) throws(IRError) {
    guard scaffold.modules.count >= 2 else { throw .invalid("a scaffold of fewer than two modules") }
    let listed = Set(scaffold.modules)
    guard listed.count == scaffold.modules.count else { throw .invalid("a scaffold lists a module twice") }
    var taken: [Int: String] = [:]
    for path in scaffold.modules {
      guard let facts = modules[path], facts.cache else {
        throw .invalid("a scaffold lists \(path.description.quoted()), which does not exist or is not cached")
      }
      var around = path.parent
      while let path = around {
        guard !listed.contains(path) else {
          throw .invalid("a scaffold lists \(path.description.quoted()) and a module in it")
        }
        around = path.parent
      }
      for union in facts.unions {
        guard taken.updateValue(union.member, forKey: union.number) ?? union.member == union.member else {
          throw .invalid("a scaffold lists \(path.description.quoted()) with another member of its union")
        }
      }
    }
  }
}
