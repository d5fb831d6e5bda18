/// Gives positions to what is present in a prompt.
struct PromptPlacement<Tokenizer: TextTokenizer> {
  /// Tokens at consecutive positions.
  struct Piece {
    let start: Int
    let tokens: [TokenID]
    /// Index of the encoding that holds their states; `nil` for what is computed.
    let encoding: Int?
  }

  private(set) var pieces: [Piece] = []
  private(set) var problems: [(problem: LayoutProblem, range: Range<SourcePosition>?)] = []
  /// 1 + the highest position taken so far.
  private(set) var end = 0

  private let prompt: Prompt
  private let plan: EncodingPlan
  private let tokenizer: Tokenizer
  private var layout: SchemaLayout { plan.layout }
  private var limits: ContextLimits { tokenizer.contextLimits }
  /// Indices of the modules that are present, the schema's first.
  private let modules: [Int]
  private let arguments: [Int: [String: Prompt.Argument]]
  /// First positions of what the schema's text and the modules take, ascending.
  private var starts: [Int] = []
  /// After what each reference at the top takes, with all that is imported in it.
  private var endOfReference: [Int: Int] = [:]

  init(of prompt: Prompt, plan: EncodingPlan, tokenizer: Tokenizer) {
    self.prompt = prompt
    self.plan = plan
    self.tokenizer = tokenizer
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

  /// The schema's own text, and what is imported of its modules.
  mutating func placeModules() {
    let scaffolds = ScaffoldChoice(of: layout.scaffolds, importing: modules)
    for module in modules {
      let reference = topReference(of: module)
      endOfReference[reference, default: 0].raise(to: layout.modules[module].start)
      for item in layout.ownItems(of: module) {
        let positions = layout.positions(of: item)
        pieces.append(piece(of: item, at: positions.lowerBound, in: scaffolds.scaffold(of: module)))
        starts.append(positions.lowerBound)
        endOfReference[reference, default: 0].raise(to: positions.upperBound)
        end.raise(to: positions.upperBound)
      }
    }
    starts.sort()
  }

  /// New text, from the prompt's first to its last.
  mutating func placeNewText() {
    var endOfText = 0
    for text in prompt.newText {
      let tokens = text.runs.map(tokenizer.tokens(of:))
      check(tokens.joined(), at: text.range)
      switch text.place {
      case .end:
        for run in tokens { append(run) }
      case .before(let following, let preceding):
        let count = tokens.reduce(0) { $0 + $1.count }
        let start = max(endOfText, preceding.map(endOfReference(at:)) ?? endOfSchemaText(before: following))
        let free = max(0, firstStart(from: start) - start)
        guard count <= free else {
          problems.append((.newTextDoesNotFit(before: following, tokens: count, free: free), text.range))
          continue
        }
        endOfText = start
        for run in tokens {
          pieces.append(Piece(start: endOfText, tokens: run, encoding: nil))
          endOfText += run.count
        }
        end.raise(to: endOfText)
      }
    }
  }

  /// What opens the answer after a user turn.
  mutating func placeHeader(_ header: String) {
    guard !header.isEmpty else { return }
    let tokens = tokenizer.tokens(ofTemplate: header)
    check(tokens, at: prompt.newText.last?.range)
    append(tokens)
  }

  /// Reports a prompt with nothing in it, or with no position left behind it.
  mutating func checkLength() {
    guard problems.isEmpty else { return }
    let range = prompt.newText.last?.range ?? prompt.imports.last?.range
    if pieces.allSatisfy(\.tokens.isEmpty) {
      problems.append((.promptEmpty, range))
    } else if end >= limits.positions(isExtended: layout.isExtended) {
      problems.append((.promptTooLong(positions: end, limits, isExtended: layout.isExtended), range))
    }
  }

  /// Reports tokens that the model has no embedding of.
  private mutating func check(_ tokens: some Sequence<TokenID>, at range: Range<SourcePosition>?) {
    for token in tokenizer.withoutEmbedding(tokens) {
      let problem = LayoutProblem.unembeddedToken(
        token, spelling: tokenizer.spelling(of: token), embedded: tokenizer.embeddedTokenCount)
      problems.append((problem, range))
    }
  }

  private mutating func append(_ tokens: [TokenID]) {
    pieces.append(Piece(start: end, tokens: tokens, encoding: nil))
    end += tokens.count
  }

  private mutating func piece(of item: SchemaLayout.Item, at start: Int, in scaffold: Int?) -> Piece {
    switch item {
    case .segment(let index):
      Piece(
        start: start, tokens: layout.segments[index].tokens, encoding: plan.encoding(ofSegment: index, in: scaffold))
    case .parameter(let index):
      Piece(start: start, tokens: tokens(for: layout.parameters[index]), encoding: nil)
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

  /// The reference at the prompt's top that `module` is imported by; 0 for the schema's own text.
  private func topReference(of module: Int) -> Int {
    var module = module
    while let parent = layout.modules[module].parent, parent != 0 { module = parent }
    return module
  }

  private func endOfReference(at path: ModulePath) -> Int {
    layout.module(at: path).flatMap { endOfReference[$0] } ?? 0
  }

  /// After the schema's own text, BOS among it, ahead of a module at its top.
  private func endOfSchemaText(before path: ModulePath) -> Int {
    let module = layout.module(at: path)
    let ahead = layout.modules[0].content.prefix { $0 != module.map(SchemaLayout.Content.module) }
    return ahead.reduce(0) { end, content in
      if case .item(let item) = content { layout.positions(of: item).upperBound } else { end }
    }
  }

  /// First position from `position` on that is taken, or the end of the model's positions.
  private func firstStart(from position: Int) -> Int {
    var range = starts.indices
    while let middle = range.isEmpty ? nil : (range.lowerBound + range.upperBound) / 2 {
      range = starts[middle] < position ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return range.lowerBound < starts.count ? starts[range.lowerBound] : tokenizer.contextLength
  }
}

extension Int {
  fileprivate mutating func raise(to other: Int) { self = Swift.max(self, other) }
}

/// Which scaffolds' encodings a prompt uses in place of the plain ones.
///
/// The one with the most modules goes first, then the one declared first; one that lists a module already taken is passed
/// over whole.
private struct ScaffoldChoice {
  private var scaffolds: [Int: Int] = [:]

  /// - Parameter scaffolds: the modules of each, as indices.
  /// - Parameter modules: what the prompt imports.
  init(of scaffolds: [[Int]], importing modules: some Sequence<Int>) {
    let imported = Set(modules)
    // Stable: equal counts keep the order of declaration.
    let order = scaffolds.indices.sorted { scaffolds[$0].count > scaffolds[$1].count }
    for scaffold in order {
      let fits = scaffolds[scaffold].allSatisfy { imported.contains($0) && self.scaffolds[$0] == nil }
      guard fits else { continue }
      for module in scaffolds[scaffold] { self.scaffolds[module] = scaffold }
    }
  }

  /// Index of the scaffold whose encodings stand for a module's own segments; `nil` for the plain ones.
  func scaffold(of module: Int) -> Int? { scaffolds[module] }
}
