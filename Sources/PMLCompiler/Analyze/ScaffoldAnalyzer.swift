/// Checks the sets of modules that a schema wants encoded together.
struct ScaffoldAnalyzer {
  /// A module that a scaffold lists, and the choices of unions on the way to it.
  private struct Listed {
    let path: ModulePath
    let range: Range<Int>
    /// For each union on the way: its scope and number in it.
    let choices: [Choice: String]
  }

  private struct Choice: Hashable {
    let scope: ModulePath
    let union: Int
  }

  private let scopes: ScopeTable
  private let log: DiagnosticLog
  private var nearest = NearestName()

  init(_ schema: Schema, log: DiagnosticLog) {
    scopes = ScopeTable(schema)
    self.log = log
  }

  /// Checks all scaffolds of a schema.
  mutating func check(_ scaffolds: [ScaffoldSyntax]) {
    var earlier: [Set<ModulePath>: Range<Int>] = [:]
    for scaffold in scaffolds {
      guard let first = scaffold.paths.first, let last = scaffold.paths.last else { continue }
      check(scaffold)
      let range = first.range.lowerBound..<max(last.range.upperBound, first.range.upperBound)
      let modules = Set(scaffold.paths.map(\.path))
      if let other = earlier[modules] {
        log.report(SchemaProblem.scaffoldNeverUsed(first: other), at: range)
      } else {
        earlier[modules] = range
      }
    }
  }

  private mutating func check(_ scaffold: ScaffoldSyntax) {
    // One mistake, which the grammar's check has named, and not one a name.
    if scaffold.paths.contains(where: { $0.path.description.contains(",") }) { return }
    var listed: [ModulePath: Listed] = [:]
    var chosen: [Choice: (name: String, range: Range<Int>)] = [:]
    for path in scaffold.paths {
      guard let module = resolve(path) else { continue }
      if let first = listed[module.path] {
        log.report(SchemaProblem.scaffoldRepeats(module.path, first: first.range), at: module.range)
        continue
      }
      listed[module.path] = module
      for (choice, name) in module.choices.sorted(by: { $0.key.scope.depth < $1.key.scope.depth }) {
        if let other = chosen[choice], other.name != name {
          log.report(SchemaProblem.scaffoldExcludes(name, other.name, other: other.range), at: module.range)
          break
        }
        chosen[choice] = (name, module.range)
      }
    }
    for module in scaffold.paths {
      var outer = module.path.parent
      while let path = outer {
        if let other = listed[path], listed[module.path] != nil {
          let problem = SchemaProblem.scaffoldNests(outer: path, inner: module.path, other: other.range)
          log.report(problem, at: module.range)
          break
        }
        outer = path.parent
      }
    }
  }

  /// Follows a path from the schema down.
  private mutating func resolve(_ scaffoldPath: ScaffoldSyntax.Path) -> Listed? {
    var scope = scopes.root
    var path = ModulePath.root
    var choices: [Choice: String] = [:]
    var isCached = true
    for name in scaffoldPath.path.steps {
      guard let member = scope.members[name] else {
        let known = nearest.known(scope.moduleNames, not: name)
        let problem = SchemaProblem.unknownScaffoldModule(name, scope: path, known: known)
        log.report(problem, at: scaffoldPath.range)
        return nil
      }
      if let union = member.union { choices[Choice(scope: path, union: union)] = name }
      path = path.appending(name)
      scope = scopes.scope(of: member.module, at: path)
      isCached = member.module.cache
    }
    if !isCached { log.report(SchemaProblem.scaffoldUncached(path), at: scaffoldPath.range) }
    return Listed(path: path, range: scaffoldPath.range, choices: choices)
  }
}
