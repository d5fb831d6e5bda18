internal import FileSystem

extension SchemaLayout {
  /// Lays out `schema` for a model.
  ///
  /// - Parameter tokenizer: the model's tokenizer.
  /// - Parameter schema: the schema.
  /// - Parameter sources: where its parts stand in its file, for the problems; a schema out of a store has none, and no warnings.
  /// - Parameter diagnostics: takes what is wrong, in document order. A text of more tokens than its parameter's `length`
  ///   and a fixed layout beyond the model's context length are errors.
  /// - Returns: `nil` where there are errors.
  public init?(
    of schema: Schema, tokenizer: some TextTokenizer, sources: SchemaSourceMap?, diagnostics: inout [Diagnostic]
  ) {
    let tokens = SchemaTokens(of: schema, with: tokenizer)
    var placement = SchemaPlacement(of: schema, tokens: tokens, limits: tokenizer.contextLimits)
    placement.checkLength(warns: sources != nil)
    placement.checkTokens(of: tokenizer)
    let file = sources?.file ?? FilePath(schema.name)
    diagnostics += placement.problems.map { problem, place in
      problem.diagnostic(in: file, at: place.range(in: sources))
    }
    guard placement.fits else { return nil }
    self = placement.layout
  }
}

/// Gives positions to a schema's tokens, in one walk.
struct SchemaPlacement {
  /// What a problem is about, to be found in the source.
  enum Place {
    case schema
    case module(ModulePath)
    case placeholder(ModulePath, parameter: String)
    case defaultText(ModulePath, parameter: String)

    func range(in sources: SchemaSourceMap?) -> Range<SourcePosition>? {
      switch self {
      case .schema: sources?.names[.root]
      case .module(let path): sources?.names[path]
      case .placeholder(let path, let name): sources?.parameters[path]?[name]?.placeholder
      case .defaultText(let path, let name): sources?.parameters[path]?[name]?.defaultText
      }
    }
  }

  private(set) var layout: SchemaLayout
  private(set) var problems: [(problem: LayoutProblem, place: Place)] = []
  /// Whether no text is longer than its parameter and the layout no longer than it may be.
  private(set) var fits = true

  private let limits: ContextLimits
  private var longest: Int { limits.length }
  private var remaining: ArraySlice<[TokenID]>
  private var runs = 0
  private var unions = 0

  /// - Parameter limits: of the model's positions.
  init(of schema: Schema, tokens: SchemaTokens, limits: ContextLimits) {
    layout = SchemaLayout(schema: schema.name, kind: schema.positions, fillToken: tokens.fillToken)
    remaining = tokens.runs[...]
    self.limits = limits
    let root = layout.append(
      SchemaLayout.Module(
        path: .root, parent: nil, union: nil, attention: schema.attention, isCached: true, start: 0, length: 0,
        content: []))
    var end = 0
    if let token = tokens.beginOfSequence {
      end = place([token], as: .beginOfSequence, in: root, at: 0)
    }
    end = place(schema.nodes, in: root, at: end)
    layout.modules[root].length = end
    layout.isExtended = limits.isExtended(for: end)
    let hasLibrary = !layout.libraries.isEmpty
    let hasIsolated = layout.modules.dropFirst().contains { $0.attention == .isolated && $0.isCached }
    layout.restToken = hasIsolated || hasLibrary ? tokens.restToken : nil
    layout.scaffolds = schema.scaffolds.map { scaffold in
      scaffold.modules.compactMap(layout.module(at:)).sorted()
    }
  }

  /// Reports a layout that the model has no positions for, and, to one who can change it, one that leaves few or none.
  ///
  /// A compact one may be as long as can be counted.
  mutating func checkLength(warns: Bool) {
    if layout.kind == .compact {
      if layout.length > SchemaLayout.longest { report(.layoutTooLong(limit: SchemaLayout.longest), at: .schema) }
    } else if layout.length > longest {
      // Modules in the schema itself: others lie in them.
      let shares = layout.modules.dropFirst().filter { $0.path.depth == 1 }
        .map { PositionShare(owner: .module($0.path), positions: $0.length) }
      report(.schemaTooLong(positions: layout.length, contextLength: longest, shares: shares), at: .schema)
    } else if warns, layout.length > longest / 2 {
      problems.append((.schemaTakesMost(positions: layout.length, contextLength: longest), .schema))
      if layout.length == longest { warnOfUnreachable() }
    }
  }

  /// Reports tokens that the model has no embedding of, each where it is used first.
  mutating func checkTokens(of tokenizer: some TextTokenizer) {
    var reported: Set<TokenID> = []
    func check(_ tokens: [TokenID], at place: Place) -> [(LayoutProblem, Place)] {
      tokenizer.withoutEmbedding(tokens).filter { reported.insert($0).inserted }.map { token in
        let problem = LayoutProblem.unembeddedToken(
          token, spelling: tokenizer.spelling(of: token), embedded: tokenizer.embeddedTokenCount)
        return (problem, place)
      }
    }
    var found: [(LayoutProblem, Place)] = []
    for segment in layout.segments {
      let path = layout.modules[segment.module].path
      found += check(segment.tokens, at: path == .root ? .schema : .module(path))
    }
    for parameter in layout.parameters {
      let path = layout.modules[parameter.module].path
      found += check(parameter.placeholder, at: .placeholder(path, parameter: parameter.name))
      found += check(parameter.defaultTokens ?? [], at: .defaultText(path, parameter: parameter.name))
      if parameter.fillCount > 0 {
        found += check([layout.fillToken], at: path == .root ? .schema : .module(path))
      }
    }
    if let token = layout.restToken { found += check([token], at: .schema) }
    for (problem, place) in found { report(problem, at: place) }
  }

  /// Finds what no prompt can import, since it takes the last position and so leaves none for an answer.
  private mutating func warnOfUnreachable() {
    var unreachable: Set<Int> = []
    for (index, module) in layout.modules.enumerated() {
      // What is nested in such a module is not reached either; one remark is enough.
      let isInside = module.parent.map(unreachable.contains) ?? false
      let isLast = layout.ownItems(of: index).contains { layout.positions(of: $0).upperBound == longest }
      guard isInside || isLast else { continue }
      unreachable.insert(index)
      guard !isInside else { continue }
      let path = module.path == .root ? nil : module.path
      problems.append(
        (.unreachable(path, contextLength: longest), path.map(SchemaPlacement.Place.module) ?? .schema))
    }
  }

  private mutating func report(_ problem: LayoutProblem, at place: Place) {
    problems.append((problem, place))
    fits = false
  }

  private mutating func nextTokens() -> [TokenID] { remaining.popFirst() ?? [] }

  /// Places `nodes` as content of `module`.
  ///
  /// - Returns: the position after the last one that they reserve.
  private mutating func place(_ nodes: [Schema.Node], in module: Int, at start: Int) -> Int {
    var end = start
    for node in nodes {
      switch node {
      case .text:
        end = place(nextTokens(), as: .text(run: runs), in: module, at: end)
        runs += 1
      case .parameter(let parameter):
        end = place(parameter, in: module, at: end)
      case .module(let child):
        end = place(child, in: module, of: nil, at: end).end
      case .library(let library):
        end = place(library, in: module, at: end)
      case .union(let union):
        let first = end
        let number = unions
        unions += 1
        var scaffold: Int?
        for member in union.members {
          let placed = place(member, in: module, of: number, at: first)
          end = max(end, placed.end)
          if member.name == union.representative { scaffold = placed.index }
        }
        if let scaffold { layout.modules[module].content.append(.unionScaffold(scaffold)) }
      }
    }
    return end
  }

  private mutating func place(
    _ child: Schema.Module, in parent: Int, of union: Int?, at start: Int
  ) -> (index: Int, end: Int) {
    let index = layout.append(
      SchemaLayout.Module(
        path: layout.modules[parent].path.appending(child.name), parent: parent, union: union,
        attention: child.attention, isCached: child.cache, start: start, length: 0, content: []))
    layout.modules[parent].content.append(.module(index))
    let end = place(child.nodes, in: index, at: start)
    layout.modules[index].length = end - start
    return (index, end)
  }

  private mutating func place(_ library: Schema.Library, in parent: Int, at start: Int) -> Int {
    let index = layout.append(
      SchemaLayout.Module(
        path: layout.modules[parent].path.appending(library.name), parent: parent, union: nil, attention: .isolated,
        isCached: true, start: start, length: library.window, content: []))
    layout.modules[parent].content.append(.module(index))
    layout.libraries.append(SchemaLayout.Library(module: index, start: start, declaration: library))
    return start.advancedSaturating(by: library.window)
  }

  private mutating func place(
    _ tokens: [TokenID], as kind: SchemaLayout.Segment.Kind, in module: Int, at start: Int
  ) -> Int {
    guard !tokens.isEmpty else { return start }
    layout.modules[module].content.append(.item(.segment(layout.segments.count)))
    layout.segments.append(SchemaLayout.Segment(kind: kind, module: module, start: start, tokens: tokens))
    return start.advancedSaturating(by: tokens.count)
  }

  private mutating func place(_ parameter: Schema.Parameter, in module: Int, at start: Int) -> Int {
    let path = layout.modules[module].path
    let placeholder = parameter.placeholder == nil ? [] : nextTokens()
    let defaultTokens = parameter.defaultText == nil ? nil : nextTokens()
    if placeholder.count > parameter.length {
      report(
        .placeholderTooLong(parameter: parameter.name, tokens: placeholder.count, length: parameter.length),
        at: .placeholder(path, parameter: parameter.name))
    }
    if let defaultTokens, defaultTokens.count > parameter.length {
      report(
        .defaultTooLong(parameter: parameter.name, tokens: defaultTokens.count, length: parameter.length),
        at: .defaultText(path, parameter: parameter.name))
    }
    let standIn: (tokens: [TokenID], fillCount: Int) =
      switch layout.kind {
      case .fixed: (placeholder, max(0, parameter.length - placeholder.count))
      case .compact where parameter.placeholder != nil: (placeholder, 0)
      case .compact: defaultTokens.map { ($0, 0) } ?? ([], 1)
      }
    layout.modules[module].content.append(.item(.parameter(layout.parameters.count)))
    layout.parameters.append(
      SchemaLayout.Parameter(
        module: module, name: parameter.name, start: start, length: parameter.length, placeholder: placeholder,
        standIn: standIn.tokens, fillCount: standIn.fillCount, defaultTokens: defaultTokens,
        leadingSpace: parameter.leadingSpace))
    return start.advancedSaturating(by: parameter.length)
  }
}

extension Int {
  /// The sum, or `Int.max`: lengths come from documents, and a layout that long is refused by its length.
  fileprivate func advancedSaturating(by other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
