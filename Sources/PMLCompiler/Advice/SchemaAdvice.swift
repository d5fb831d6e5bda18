internal import FileSystem

extension SchemaLayout {
  /// Warnings about a design that costs models which were not trained for it.
  ///
  /// Only what is certain from the document and its tokens is said, each cause once; found in time linear in the layout's size.
  ///
  /// - Parameter schema: the one that is laid out.
  /// - Parameter sources: where its parts stand in its file.
  /// - Returns: warnings, in no order.
  public func advice(on schema: Schema, sources: SchemaSourceMap) -> [Diagnostic] {
    var advice = SchemaAdvice(self, of: schema)
    advice.walk()
    return advice.found.map { problem, place in problem.diagnostic(in: sources.file, at: place.range(in: sources)) }
  }
}

/// Walks a layout and says what its design costs.
private struct SchemaAdvice {
  /// What a piece of advice is about, to be found in the source.
  enum Place {
    case name(ModulePath)
    case text(run: Int)
    case parameterLength(ModulePath, String)
    case union(Int)

    func range(in sources: SchemaSourceMap) -> Range<SourcePosition>? {
      switch self {
      case .name(let path): sources.names[path]
      case .text(let run): sources.textsBehindModules[run]
      case .parameterLength(let path, let name): sources.parameters[path]?[name]?.length
      case .union(let number): sources.unions.indices.contains(number) ? sources.unions[number] : nil
      }
    }
  }

  /// Shorter text between modules is taken for a heading of the next one, which need not see those before it.
  private static let longestHeading = 16
  /// Fewer empty positions made no difference where it was measured (`docs/schemas.md`).
  private static let narrowestGap = 100

  private(set) var found: [(problem: AdviceProblem, place: Place)] = []

  private let layout: SchemaLayout
  private let texts: [TextRun]
  /// The first isolated module found inside another, and how many there are, by the outermost module that isolates them, or
  /// the one around those that are isolated by themselves.
  private var inside: [Int: (module: Int, tokens: Int, count: Int)] = [:]
  private var widestGap: (positions: Int, module: Int)?
  /// Lengths of unions' members: the shortest, and the longest one's.
  private var unions: [Int: (shortest: Int, longest: Int)] = [:]

  init(_ layout: SchemaLayout, of schema: Schema) {
    self.layout = layout
    texts = schema.textRuns
  }

  mutating func walk() {
    visit(0, Ahead())
    for found in inside.values {
      let path = layout.modules[found.module].path
      report(.isolatedInside(path, tokensAhead: found.tokens, others: found.count - 1), at: .name(path))
    }
    guard layout.kind == .fixed else { return }
    if let widestGap, widestGap.positions >= Self.narrowestGap {
      report(.gap(positions: widestGap.positions, ahead: layout.modules[widestGap.module].path), at: .name(.root))
    }
    for (union, (shortest, longest)) in unions {
      let member = layout.modules[shortest]
      // Behind all else nothing stays empty: new text follows the member that is there.
      guard longest - member.length >= Self.narrowestGap, member.start + longest < layout.length else { continue }
      report(.unevenUnion(positions: longest - member.length, shortest: member.path), at: .union(union))
    }
  }

  /// What is certain to stand ahead of a place.
  private struct Ahead {
    /// Positions that are taken.
    var positions = 0
    /// Tokens of text of the modules around, the schema aside.
    var tokens = 0
    /// The outermost of the modules around that isolate what is in them; `nil` where the innermost does not.
    var isolation: Int?
  }

  private mutating func visit(_ index: Int, _ outer: Ahead) {
    let module = layout.modules[index]
    var ahead = outer
    ahead.isolation = module.attention == .isolated ? outer.isolation ?? index : nil
    var previous: SchemaLayout.Item?
    for content in module.content {
      switch content {
      case .item(let item):
        ahead.positions += layout.positions(of: item).count
        if index != 0, module.isCached { ahead.tokens += textTokens(of: item) }
        previous = item
      case .module(let child):
        advise(onModule: child, ahead, behind: previous)
        visit(child, ahead)
        previous = nil
      case .unionScaffold:
        continue
      }
    }
    if module.isCached { adviseOnText(of: module) }
    if layout.kind == .fixed { adviseOnParameters(of: module) }
  }

  /// - Parameter previous: what stands right ahead of it in the module around it.
  private mutating func advise(onModule index: Int, _ ahead: Ahead, behind previous: SchemaLayout.Item?) {
    let module = layout.modules[index]
    if let union = module.union {
      let lengths = unions[union] ?? (index, module.length)
      let isShorter = module.length < layout.modules[lengths.shortest].length
      unions[union] = (isShorter ? index : lengths.shortest, max(lengths.longest, module.length))
    }
    if module.start - ahead.positions > widestGap?.positions ?? 0, !layout.ownItems(of: index).isEmpty {
      widestGap = (module.start - ahead.positions, index)
    }
    guard module.attention == .isolated, module.isCached,
      layout.ownItems(of: index).contains(where: { textTokens(of: $0) > 0 })
    else { return }
    if ahead.tokens > 0 {
      inside[ahead.isolation ?? module.parent ?? 0, default: (index, ahead.tokens, 0)].count += 1
    } else if let previous, let own = layout.ownItems(of: index).first, isOneSentence(previous, own) {
      report(.isolatedInSentence(module.path), at: .name(module.path))
    }
  }

  /// Whether two texts are parts of one sentence: on one line, and the second goes on in lower case.
  private func isOneSentence(_ first: SchemaLayout.Item, _ second: SchemaLayout.Item) -> Bool {
    guard let last = text(of: first)?.unicodeScalars.last(where: { $0 != " " && $0 != "\t" }),
      let next = text(of: second)?.unicodeScalars.first(where: { $0 != " " && $0 != "\t" })
    else { return false }
    return (last.isWord || last == ",") && (next.properties.isLowercase || next == ",")
  }

  /// Text behind modules beside it, which it does not see: once a module, where the first of it stands.
  private mutating func adviseOnText(of module: SchemaLayout.Module) {
    let seen = unionsSeen(by: module)
    var unseen: Int?
    var first: Int?
    var tokens = 0
    // Short text is a heading of the modules behind it, unless there are none.
    var headings: (first: Int, tokens: Int)?
    for content in module.content {
      switch content {
      case .module(let child):
        guard layout.modules[child].length > 0 else { continue }
        headings = nil
        if layout.modules[child].union.map(seen.contains) != true { unseen = unseen ?? child }
      case .item(.segment(let segment)):
        let count = textTokens(of: .segment(segment))
        guard unseen != nil, count > 0, case .text(let run) = layout.segments[segment].kind else { continue }
        if count < Self.longestHeading {
          headings = (headings?.first ?? run, (headings?.tokens ?? 0) + count)
        } else {
          first = first ?? run
          tokens += count
        }
      case .item, .unionScaffold:
        continue
      }
    }
    guard let unseen, let place = first ?? headings?.first else { return }
    tokens += headings?.tokens ?? 0
    report(.textBehind(layout.modules[unseen].path, tokens: tokens), at: .text(run: place))
  }

  /// Unions of which a member stands in the context of what follows in `module`.
  private func unionsSeen(by module: SchemaLayout.Module) -> Set<Int> {
    guard module.attention == .context else { return [] }
    return Set(
      module.content.compactMap { content in
        if case .unionScaffold(let member) = content { layout.modules[member].union } else { nil }
      })
  }

  /// Parameters of a fixed schema that leave positions empty with the very texts that they come with.
  private mutating func adviseOnParameters(of module: SchemaLayout.Module) {
    for case .item(.parameter(let index)) in module.content {
      let parameter = layout.parameters[index]
      guard let (attribute, tokens) = shortestText(of: parameter), tokens < parameter.length else { continue }
      report(
        .parameterSlack(parameter.name, attribute: attribute, tokens: tokens, length: parameter.length),
        at: .parameterLength(module.path, parameter.name))
    }
  }

  /// The attribute of a parameter that fills fewest of its positions, of those that it has.
  private func shortestText(of parameter: SchemaLayout.Parameter) -> (attribute: String, tokens: Int)? {
    var texts: [(attribute: String, tokens: Int)] = []
    if !parameter.placeholder.isEmpty { texts.append(("scaffold", parameter.placeholder.count)) }
    if let tokens = parameter.defaultTokens { texts.append(("default", tokens.count)) }
    return texts.min { $0.tokens < $1.tokens }
  }

  /// Tokens of a segment that is text of the document and says something: a letter or digit is in it.
  private func textTokens(of item: SchemaLayout.Item) -> Int {
    guard case .segment(let segment) = item, let text = text(of: item), text.unicodeScalars.contains(where: \.isWord)
    else { return 0 }
    return layout.segments[segment].tokens.count
  }

  /// The text of a segment that the document has.
  private func text(of item: SchemaLayout.Item) -> String? {
    guard case .segment(let segment) = item, case .text(let run) = layout.segments[segment].kind,
      texts.indices.contains(run), texts[run].origin == .document
    else { return nil }
    return texts[run].text
  }

  private mutating func report(_ problem: AdviceProblem, at place: Place) { found.append((problem, place)) }
}

extension Unicode.Scalar {
  /// Whether it is a letter or a digit.
  fileprivate var isWord: Bool { properties.isAlphabetic || properties.numericType != nil }
}
