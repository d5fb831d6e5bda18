/// Gives positions to what is present in a prompt.
struct PromptPlacement<Tokenizer: TextTokenizer> {
  /// Those without tokens among them.
  private(set) var parts: [PromptLayout.Part] = []
  /// 1 + the position of the last token whose state is to be kept; 0 if none is.
  private(set) var keptEnd = 0
  private(set) var problems: [(problem: LayoutProblem, range: Range<SourcePosition>?)] = []
  /// 1 + the highest position taken so far.
  var end: Int { placing.end }

  private let prompt: Prompt
  private let plan: EncodingPlan
  private let tokenizer: Tokenizer
  private let lengthRule: PromptLengthRule
  private var placing: any PromptPlacing
  private var layout: SchemaLayout { plan.layout }
  private var limits: ContextLimits { tokenizer.contextLimits }
  /// Indices of the modules that are present, the schema's first.
  private let modules: [Int]
  private let arguments: [Int: [String: Prompt.Argument]]

  init(of prompt: Prompt, plan: EncodingPlan, tokenizer: Tokenizer, lengthRule: PromptLengthRule) {
    self.prompt = prompt
    self.lengthRule = lengthRule
    self.plan = plan
    self.tokenizer = tokenizer
    switch plan.layout.kind {
    case .compact: placing = CompactPlacing()
    case .fixed:
      placing = FixedPlacing(
        contextLength: lengthRule == .plain ? SchemaLayout.longest : tokenizer.contextLength)
    }
    var arguments: [Int: [String: Prompt.Argument]] = [:]
    for imported in prompt.imports {
      guard let module = plan.layout.module(at: imported.path) else {
        preconditionFailure("the prompt was resolved against another schema: no module `\(imported.path)`")
      }
      arguments[module] = imported.arguments
    }
    self.arguments = arguments
    modules = [0] + arguments.keys.sorted()
  }

  /// Reports libraries of which more is imported than their windows hold.
  mutating func checkWindows() {
    for library in layout.libraries {
      let documents = layout.modules[library.module].content.compactMap { content in
        if case .module(let module) = content { layout.modules[module].length } else { nil }
      }
      let tokens = documents.reduce(0, +)
      guard tokens > library.declaration.window else { continue }
      let path = layout.modules[library.module].path
      problems.append(
        (
          .windowTooShort(
            library: path, modules: documents.count, tokens: tokens, window: library.declaration.window),
          prompt.imports.first { $0.path == path }?.range
        ))
    }
  }

  /// Places the schema's own text, what is imported of its modules, and new text before and between these.
  mutating func placeParts() {
    let pieces = pieces()
    var following: [Int?] = []
    var next: Int?
    for piece in pieces.reversed() {
      following.append(next)
      if case .schema(let item, _) = piece.kind { next = layout.positions(of: item).lowerBound }
    }
    for (piece, following) in zip(pieces, following.reversed()) {
      switch piece.kind {
      case .schema(let item, let encoding):
        let tokens = piece.runs.first ?? []
        let start = placing.place(laidOutAt: layout.positions(of: item), count: tokens.count)
        parts.append(PromptLayout.Part(content: .schema(item), start: start, tokens: tokens, encoding: encoding))
      case .newText(let position, let module, let origins, let range):
        let count = piece.runs.reduce(0) { $0 + $1.count }
        do throws(NoRoom) {
          var start = try placing.place(newText: count, behind: position, before: following)
          for (run, origin) in zip(piece.runs, origins) {
            parts.append(PromptLayout.Part(content: .newText(origin), start: start, tokens: run, encoding: nil))
            start += run.count
          }
        } catch {
          problems.append((.newTextDoesNotFit(before: module, tokens: count, free: error.free), range))
        }
      }
    }
  }

  /// Places the new text behind the last reference.
  mutating func placeLastText() {
    for text in prompt.newText where text.place == .end {
      for (index, (run, tokens)) in zip(text.runs, tokens(of: text)).enumerated() {
        append(tokens, run.origin)
        if index < text.keptRuns { keptEnd = end }
      }
    }
  }

  /// What opens the answer after a user turn.
  mutating func placeHeader(_ header: String) {
    guard !header.isEmpty else { return }
    let tokens = tokenizer.tokens(ofTemplate: header)
    check(tokens, at: prompt.newText.last?.range)
    append(tokens, .template)
  }

  /// Reports a prompt with nothing in it, or with no position left behind it.
  mutating func checkLength() {
    guard problems.isEmpty else { return }
    let range = prompt.newText.last?.range ?? prompt.imports.last?.range
    let positions = lengthRule == .plain ? parts.reduce(0) { $0 + $1.tokens.count } : end
    if parts.allSatisfy(\.tokens.isEmpty) {
      problems.append((.promptEmpty, range))
    } else if positions >= limits.positions(isExtended: layout.isExtended) {
      problems.append(
        (
          .promptTooLong(
            positions: positions, limits, isExtended: layout.isExtended, shares: shares(of: positions)), range
        ))
    }
  }

  /// What so many positions go to.
  private func shares(of positions: Int) -> [PositionShare] {
    var modules: [Int: Int] = [:]
    var newText = 0
    for part in parts {
      switch part.content {
      case .schema(let item): modules[layout.module(of: item), default: 0] += part.tokens.count
      case .newText, .ending: newText += part.tokens.count
      }
    }
    let taken = modules.values.reduce(newText, +)
    return modules.sorted { $0.key < $1.key }
      .map { PositionShare(owner: .module(layout.modules[$0.key].path), positions: $0.value) }
      + [
        PositionShare(owner: .newText, positions: newText), PositionShare(owner: .empty, positions: positions - taken),
      ]
  }

  /// What takes positions together.
  private struct Piece {
    enum Kind {
      /// A segment or parameter, and the encoding that holds its states.
      case schema(SchemaLayout.Item, encoding: Int?)
      /// New text behind a position of the layout, before a reference.
      case newText(behind: Int, before: ModulePath, origins: [TextRun.Origin], range: Range<SourcePosition>)
    }

    let kind: Kind
    let runs: [[TokenID]]
  }

  /// All but the last new text, in layout order.
  private mutating func pieces() -> [Piece] {
    let scaffolds = ScaffoldChoice(of: layout.scaffolds, importing: modules)
    var pieces: [Piece] = []
    // After what each reference at the top takes, with all that is imported in it.
    var endOfReference: [Int: Int] = [:]
    for module in modules {
      let reference = topReference(of: module)
      endOfReference[reference, default: 0].raise(to: layout.modules[module].start)
      for item in layout.ownItems(of: module) {
        endOfReference[reference, default: 0].raise(to: layout.positions(of: item).upperBound)
        pieces.append(piece(of: item, in: scaffolds.scaffold(of: module)))
      }
    }
    for text in prompt.newText {
      guard case .before(let following, let preceding) = text.place else { continue }
      let position = preceding.map { layout.module(at: $0).flatMap { endOfReference[$0] } ?? 0 }
      let kind = Piece.Kind.newText(
        behind: position ?? endOfSchemaText(before: following), before: following, origins: text.runs.map(\.origin),
        range: text.range)
      pieces.append(Piece(kind: kind, runs: tokens(of: text)))
    }
    // Stable: texts at one place stay in the prompt's order.
    return pieces.sorted { order(of: $0) < order(of: $1) }
  }

  /// Layout order, new text ahead of what begins where that stands that it follows.
  private func order(of piece: Piece) -> (Int, Int) {
    switch piece.kind {
    case .schema(let item, _): (layout.positions(of: item).lowerBound, 1)
    case .newText(let position, _, _, _): (position, 0)
    }
  }

  private mutating func piece(of item: SchemaLayout.Item, in scaffold: Int?) -> Piece {
    switch item {
    case .segment(let index):
      let encoding = plan.encoding(ofSegment: index, in: scaffold)
      return Piece(kind: .schema(item, encoding: encoding), runs: [layout.segments[index].tokens])
    case .parameter(let index):
      return Piece(kind: .schema(item, encoding: nil), runs: [tokens(for: layout.parameters[index])])
    case .restToken:
      // No module's own.
      return Piece(kind: .schema(item, encoding: nil), runs: [])
    }
  }

  private mutating func tokens(for parameter: SchemaLayout.Parameter) -> [TokenID] {
    // Resolving has reported a parameter with neither.
    guard let argument = arguments[parameter.module]?[parameter.name] else { return parameter.defaultTokens ?? [] }
    let tokens = tokenizer.tokens(of: parameter.leadingSpace ? " " + argument.text : argument.text)
    if tokens.count > parameter.length {
      problems.append(
        (.argumentTooLong(parameter: parameter.name, tokens: tokens.count, length: parameter.length), argument.range))
    }
    check(tokens, at: argument.range)
    return tokens
  }

  private mutating func tokens(of text: Prompt.NewText) -> [[TokenID]] {
    let runs = text.runs.map(tokenizer.tokens(of:))
    check(runs.joined(), at: text.range)
    return runs
  }

  /// Reports tokens that the model has no embedding of.
  private mutating func check(_ tokens: some Sequence<TokenID>, at range: Range<SourcePosition>?) {
    for token in tokenizer.withoutEmbedding(tokens) {
      let problem = LayoutProblem.unembeddedToken(
        token, spelling: tokenizer.spelling(of: token), embedded: tokenizer.embeddedTokenCount)
      problems.append((problem, range))
    }
  }

  private mutating func append(_ tokens: [TokenID], _ origin: TextRun.Origin) {
    let start = placing.append(tokens.count)
    parts.append(PromptLayout.Part(content: .ending(origin), start: start, tokens: tokens, encoding: nil))
  }

  /// The reference at the prompt's top that `module` is imported by; 0 for the schema's own text.
  private func topReference(of module: Int) -> Int {
    var module = module
    while let parent = layout.modules[module].parent, parent != 0 { module = parent }
    return module
  }

  /// After the schema's own text, BOS among it, ahead of a module at its top.
  private func endOfSchemaText(before path: ModulePath) -> Int {
    let module = layout.module(at: path)
    let ahead = layout.modules[0].content.prefix { $0 != module.map(SchemaLayout.Content.module) }
    return ahead.reduce(0) { end, content in
      if case .item(let item) = content { layout.positions(of: item).upperBound } else { end }
    }
  }
}

extension Int {
  fileprivate mutating func raise(to other: Int) { self = Swift.max(self, other) }
}
