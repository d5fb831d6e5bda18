/// Resolves a prompt's references against its schema.
struct PromptAnalyzer {
  /// A reference at the top of a prompt and what it imports.
  struct Reference {
    let path: ModulePath
    /// Number of the module in the schema, in document order.
    let index: Int
    let nameRange: Range<Int>
  }

  private let source: SourceFile
  private let schema: Schema
  private let scopes: ScopeTable
  private let log: DiagnosticLog
  private var nearest = NearestName()
  private lazy var paths = ModulePaths(schema)
  private let libraries: any LibraryNames

  /// Why documents could not be looked up, where that failed.
  private(set) var failure: LibraryFailure?
  /// What is to be looked for in libraries.
  private(set) var searches: [LibrarySearch] = []

  /// What the prompt imports, each module after those around it.
  private(set) var imports: [Prompt.Import] = []
  /// For each part of the prompt that is a reference, in order: what it resolved to.
  private(set) var topReferences: [Reference?] = []

  /// - Parameter libraries: which documents the schema's libraries have.
  init(_ source: SourceFile, schema: Schema, libraries: any LibraryNames, log: DiagnosticLog) {
    self.libraries = libraries
    self.source = source
    self.schema = schema
    self.log = log
    scopes = ScopeTable(schema)
  }

  /// Checks the whole prompt.
  mutating func analyze(_ prompt: PromptSyntax) {
    if let name = prompt.schema, name.value != schema.name {
      log.report(PromptProblem.otherSchema(name.value, given: schema.name), at: name.valueRange)
    }
    var scope = ImportedScope(names: scopes.root, path: .root)
    for case .reference(let reference) in prompt.content {
      topReferences.append(resolve(reference, in: &scope))
    }
    checkOrder(of: prompt)
  }

  /// A scope with what was imported from it so far.
  private struct ImportedScope {
    let names: NameScope
    let path: ModulePath
    var imported: [String: Range<Int>] = [:]
    var chosen: [Int: String] = [:]
  }

  @discardableResult
  private mutating func resolve(_ reference: ReferenceSyntax, in scope: inout ImportedScope) -> Reference? {
    guard let member = scope.names.members[reference.name] else {
      reportUnknown(reference, in: scope)
      return nil
    }
    let path = scope.path.appending(reference.name)
    if let first = scope.imported[reference.name] {
      log.report(PromptProblem.importedTwice(path, first: first), at: reference.nameRange)
    } else {
      scope.imported[reference.name] = reference.nameRange
      if let union = member.union {
        if let other = scope.chosen[union], let place = scope.imported[other] {
          log.report(PromptProblem.unionMembers(reference.name, other, other: place), at: reference.nameRange)
        } else {
          scope.chosen[union] = reference.name
        }
      }
    }
    if let library = member.library {
      resolve(reference, as: library, at: path)
      return Reference(path: path, index: member.index, nameRange: reference.nameRange)
    }
    let names = scopes.scope(of: member.module, at: path)
    imports.append(
      Prompt.Import(
        path: path, arguments: arguments(of: reference, names: names, path: path),
        range: source.positions(of: reference.nameRange)))
    var inner = ImportedScope(names: names, path: path)
    for child in reference.children { resolve(child, in: &inner) }
    return Reference(path: path, index: member.index, nameRange: reference.nameRange)
  }

  /// A library's element: documents by name, and what is to be found.
  private mutating func resolve(_ reference: ReferenceSyntax, as library: Schema.Library, at path: ModulePath) {
    imports.append(Prompt.Import(path: path, arguments: [:], range: source.positions(of: reference.nameRange)))
    let search = LibrarySearch(of: reference, in: path, source: source)
    for (problem, range) in search.problems { log.report(problem, at: range) }
    for attribute in search.unknown {
      let known = nearest.known(LibrarySearch.attributes, not: attribute.name)
      let problem = PromptProblem.unknownParameter(attribute.name, module: path, known: known)
      log.report(problem, at: attribute.nameRange)
    }
    if search.count != nil { searches.append(search) }
    var named: [String: Range<Int>] = [:]
    for child in reference.children {
      let childPath = path.appending(child.name)
      if let first = named[child.name] {
        log.report(PromptProblem.importedTwice(childPath, first: first), at: child.nameRange)
        continue
      }
      named[child.name] = child.nameRange
      guard has(child.name, in: library) else {
        reportUnknown(child, in: library, at: path)
        continue
      }
      imports.append(Prompt.Import(path: childPath, arguments: [:], range: source.positions(of: child.nameRange)))
      let nothing = KnownNames(nearest: nil, among: [])
      for attribute in child.arguments {
        let problem = PromptProblem.unknownParameter(attribute.name, module: childPath, known: nothing)
        log.report(problem, at: attribute.nameRange)
      }
      for grandchild in child.children {
        let problem = PromptProblem.unknownModule(grandchild.name, scope: childPath, known: nothing)
        log.report(problem, at: grandchild.nameRange)
      }
    }
  }

  /// Whether a library has a document; if that cannot be found out, it may have.
  private mutating func has(_ name: String, in library: Schema.Library) -> Bool {
    do throws(LibraryFailure) {
      return try libraries.contains(name, in: library)
    } catch {
      failure = failure ?? error
      return true
    }
  }

  private mutating func reportUnknown(_ reference: ReferenceSyntax, in library: Schema.Library, at path: ModulePath) {
    guard XMLName.isUnprefixed(reference.name) else { return }
    let names = (try? libraries.names(in: library)) ?? []
    let known = nearest.known(names, not: reference.name)
    log.report(PromptProblem.unknownModule(reference.name, scope: path, known: known), at: reference.nameRange)
  }

  /// The library that has a document of this name, for those who look for it in the wrong place.
  private mutating func library(of name: String) -> ModulePath? {
    for library in schema.libraries where has(name, in: library) && failure == nil {
      return ModulePath([library.name, name])
    }
    return nil
  }

  private mutating func reportUnknown(_ reference: ReferenceSyntax, in scope: ImportedScope) {
    guard XMLName.isUnprefixed(reference.name) else { return }  // The grammar's check has said so.
    let problem: PromptProblem
    if let path = paths.path(of: reference.name) ?? library(of: reference.name) {
      problem = .nestedElsewhere(reference.name, scope: scope.path, path: path)
    } else {
      let known = nearest.known(scope.names.moduleNames, not: reference.name)
      problem = .unknownModule(reference.name, scope: scope.path, known: known)
    }
    log.report(problem, at: reference.nameRange)
  }

  private mutating func arguments(
    of reference: ReferenceSyntax, names: NameScope, path: ModulePath
  ) -> [String: Prompt.Argument] {
    var arguments: [String: Prompt.Argument] = [:]
    var meant: Set<String> = []
    for attribute in reference.arguments {
      if names.parameters[attribute.name] == nil {
        let known = nearest.known(names.parameterNames, not: attribute.name)
        log.report(
          PromptProblem.unknownParameter(attribute.name, module: path, known: known), at: attribute.nameRange)
        if let name = known.nearest { meant.insert(name) }
      } else {
        arguments[attribute.name] = Prompt.Argument(
          text: attribute.value, range: source.positions(of: attribute.valueRange))
      }
    }
    for name in names.parameterNames
    where arguments[name] == nil && names.parameters[name]?.defaultText == nil && !meant.contains(name) {
      log.report(PromptProblem.missingArgument(parameter: name, module: reference.name), at: reference.nameRange)
    }
    return arguments
  }

  /// Text before or between references wants them in schema order.
  private func checkOrder(of prompt: PromptSyntax) {
    var references = topReferences.makeIterator()
    var text: Range<Int>?
    var pendingText: Range<Int>?
    var last: Reference?
    var disorder: (Reference, Reference)?
    for part in prompt.content {
      switch part {
      case .text(let run): pendingText = pendingText ?? run.text.visibleRange(in: source.bytes)
      case .role(let role): pendingText = pendingText ?? role.range
      case .reference:
        text = text ?? pendingText
        guard let reference = references.next() ?? nil else { continue }
        if disorder == nil, let last, reference.index < last.index { disorder = (reference, last) }
        last = reference
      }
    }
    guard let text, let (reference, other) = disorder else { return }
    let problem = PromptProblem.textOutOfOrder(
      reference.path.description, before: other.path.description, text: text)
    log.report(problem, at: reference.nameRange)
  }
}

/// Where in a schema a module of some name is, for those who look for it in the wrong place.
private struct ModulePaths {
  private var paths: [String: ModulePath] = [:]

  init(_ schema: Schema) { add(schema.nodes, in: .root) }

  /// The path of the first module called `name`.
  func path(of name: String) -> ModulePath? { paths[name] }

  private mutating func add(_ nodes: [Schema.Node], in path: ModulePath) {
    for node in nodes {
      switch node {
      case .text, .parameter, .library: break
      case .module(let module): add(module, in: path)
      case .union(let union): for member in union.members { add(member, in: path) }
      }
    }
  }

  private mutating func add(_ module: Schema.Module, in parent: ModulePath) {
    let path = parent.appending(module.name)
    if paths[module.name] == nil { paths[module.name] = path }
    add(module.nodes, in: path)
  }
}
