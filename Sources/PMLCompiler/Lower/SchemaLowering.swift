/// Makes the lowered schema of a schema's syntax: white space settled, files read in, roles turned into text.
struct SchemaLowering<Includes: IncludeReader> {
  private let source: SourceFile
  private let template: ChatTemplate
  private let includes: Includes
  private let log: DiagnosticLog
  private(set) var sourceMap: SchemaSourceMap
  private(set) var roles = RoleUses()
  /// The documents of libraries, by the library's name.
  private(set) var documents: [String: [SourceDocument]] = [:]
  private var flow = TextFlow()
  private var includedBytes = 0
  private var nearest = NearestName()
  /// For so many more missing files it is looked up which ones there are: folders may be large.
  private var searchesLeft = 16
  private var runs = 0
  /// Whether the module being lowered, or the schema, has had a module in it so far.
  private var isBehindModule = false

  init(_ source: SourceFile, template: ChatTemplate, includes: Includes, log: DiagnosticLog) {
    self.source = source
    self.template = template
    self.includes = includes
    self.log = log
    sourceMap = SchemaSourceMap(file: source.path)
  }

  /// The schema, and where its parts stand in `sourceMap`.
  mutating func lower(_ syntax: SchemaSyntax) -> Schema {
    let attention = syntax.attention ?? .context
    if let name = syntax.name { sourceMap.names[.root] = source.positions(of: name.valueRange) }
    return Schema(
      name: syntax.name?.value ?? "", positions: syntax.positions ?? .compact, attention: attention,
      nodes: lower(syntax.content, in: .root, attention: attention),
      scaffolds: syntax.scaffolds.map { Schema.Scaffold(modules: $0.paths.map(\.path)) })
  }

  private mutating func lower(
    _ content: [SchemaSyntax.Part], in path: ModulePath, attention: Schema.Attention
  ) -> [Schema.Node] {
    var nodes: [Schema.Node] = []
    var space = false
    for part in content {
      switch part {
      case .text(let text):
        let settled = text.settled(isFirst: flow.isFirst)
        if isBehindModule, !settled.text.isEmpty {
          sourceMap.textsBehindModules[runs] = source.positions(of: text.text.visibleRange(in: source.bytes))
        }
        append(settled.text, .document, to: &nodes)
        space = settled.movesSpace
      case .parameter(let parameter):
        nodes.append(.parameter(lower(parameter, in: path, leadingSpace: space)))
        space = false
        flow.advance()
      case .module(let module): nodes.append(.module(lower(module, in: path, attention: attention)))
      case .union(let union): nodes.append(.union(lower(union, in: path, attention: attention)))
      case .library(let library): nodes.append(.library(lower(library)))
      case .role(let role):
        roles.add(role.role, at: source.positions(of: role.nameRange))
        let parts = template.parts(of: role.role, followsSystem: flow.followsSystem)
        append(Array(parts.prefix.utf8), .template, to: &nodes)
        nodes += lower(role.content, in: path, attention: attention)
        append(Array(parts.suffix.utf8), .template, to: &nodes)
        flow.followsSystem = role.role == .system
      }
    }
    return nodes
  }

  private mutating func append(_ text: [UInt8], _ origin: TextRun.Origin, to nodes: inout [Schema.Node]) {
    guard !text.isEmpty else { return }
    nodes.append(.text(TextRun(String(decoding: text, as: UTF8.self), origin: origin)))
    runs += 1
    flow.advance()
  }

  private mutating func lower(
    _ module: ModuleSyntax, in parent: ModulePath, attention inherited: Schema.Attention
  ) -> Schema.Module {
    let name = module.name?.value ?? ""
    let path = parent.appending(name)
    let attention = module.attention ?? inherited
    if let name = module.name, sourceMap.names[path] == nil {
      sourceMap.names[path] = source.positions(of: name.valueRange)
    }
    isBehindModule = false
    defer { isBehindModule = true }
    var nodes: [Schema.Node] = []
    if let src = module.src { append(includedText(src), .document, to: &nodes) }
    nodes += lower(module.content, in: path, attention: attention)
    flow.followsSystem = false  // what follows stands there without the module too
    return Schema.Module(name: name, attention: attention, cache: module.isCached, nodes: nodes)
  }

  /// Members begin where the union begins; what follows is first only if all of them are empty.
  private mutating func lower(
    _ union: UnionSyntax, in path: ModulePath, attention: Schema.Attention
  ) -> Schema.Union {
    sourceMap.unions.append(source.positions(of: union.nameRange))
    let before = flow
    var after = flow
    let members = union.members.map { member in
      flow = before
      defer { after.merge(flow) }
      return lower(member, in: path, attention: attention)
    }
    flow = after
    return Schema.Union(members: members, representative: union.scaffold?.value)
  }

  /// Documents stand for each other, as a union's members do. Their files are read on several cores, since they are many.
  private mutating func lower(_ library: LibrarySyntax) -> Schema.Library {
    let name = library.name?.value ?? ""
    if let name = library.name, sourceMap.names[.root.appending(name.value)] == nil {
      sourceMap.names[.root.appending(name.value)] = source.positions(of: name.valueRange)
    }
    let isFirst = flow.isFirst
    let lowering = DocumentLowering(documents: library.documents, isFirst: isFirst, includes: includes)
    let results = inParallel(lowering.taskCount) { lowering.lower(task: $0) }.joined()
    var documents: [SourceDocument] = []
    documents.reserveCapacity(library.documents.count)
    for result in results {
      switch result {
      case .success(let lowered):
        documents.append(lowered.document)
        if let warning = lowered.warning { log.report(warning.problem, at: warning.range) }
      case .failure(let failure): report(failure.problem, at: failure.range)
      }
    }
    if !documents.isEmpty { flow.advance() }
    isBehindModule = true
    if self.documents[name] == nil { self.documents[name] = documents }
    return Schema.Library(
      name: name, window: library.window.flatMap { AttributeRule.Value.length($0.value) } ?? 1,
      content: LibraryIdentity.library(documents.lazy.map { (name: $0.name, content: $0.content) }),
      count: documents.count)
  }

  private mutating func lower(
    _ parameter: ParameterSyntax, in path: ModulePath, leadingSpace: Bool
  ) -> Schema.Parameter {
    let name = parameter.name?.value ?? ""
    if let name = parameter.name, let length = parameter.length, sourceMap.parameters[path]?[name.value] == nil {
      sourceMap.parameters[path, default: [:]][name.value] = SchemaSourceMap.Parameter(
        name: source.positions(of: name.valueRange), length: source.positions(of: length.valueRange),
        placeholder: parameter.scaffold.map { source.positions(of: $0.valueRange) },
        defaultText: parameter.defaultText.map { source.positions(of: $0.valueRange) })
    }
    return Schema.Parameter(
      name: name, length: parameter.length.flatMap { AttributeRule.Value.length($0.value) } ?? 1,
      placeholder: parameter.scaffold?.value, defaultText: parameter.defaultText?.value, leadingSpace: leadingSpace)
  }

  /// Reports a problem with a file; of the first that are missing with what may have been meant.
  private mutating func report(_ problem: IncludeProblem, at range: Range<Int>) {
    guard case .unreadable(let path, let error) = problem, case .unreadable(let failure) = error, failure.isNotFound,
      searchesLeft > 0
    else { return log.report(problem, at: range) }
    searchesLeft -= 1
    let file = FilePath(path)
    let names = includes.fileNames(besides: file).compactMap { name in
      String(validating: (file.parent == "." ? name : file.parent.appending(name)).bytes, as: UTF8.self)
    }
    log.report(IncludeProblem.absent(path, error, known: nearest.known(names, not: path)), at: range)
  }

  private mutating func includedText(_ src: XMLAttribute) -> [UInt8] {
    do throws(IncludeProblem) {
      let text = try IncludedText.read(src.value, by: includes)
      includedBytes += text.count
      guard includedBytes <= IncludedText.totalLimit else { throw .tooLargeTogether }
      if let problem = IncludedText.oddity(of: text, from: src.value) { log.report(problem, at: src.valueRange) }
      return text
    } catch {
      report(error, at: src.valueRange)
      return []
    }
  }
}

/// What stands before a place in layout order, as far as rules depend on it.
struct TextFlow {
  /// Nothing does: text here stands at position 0, or right after BOS.
  private(set) var isFirst = true
  /// The last thing is a system element.
  var followsSystem = false

  mutating func advance() {
    isFirst = false
    followsSystem = false
  }

  /// Takes in another way in which this place may be reached.
  mutating func merge(_ other: TextFlow) {
    isFirst = isFirst && other.isFirst
    followsSystem = followsSystem && other.followsSystem
  }
}

extension TextSyntax {
  /// The text as the rules for white space leave it.
  func settled(isFirst: Bool) -> WhiteSpace.Settled {
    isPreserved
      ? WhiteSpace.Settled(text: text.bytes)
      : WhiteSpace.settle(text.bytes, isFirst: isFirst, beforeParameter: precedesParameter)
  }
}
