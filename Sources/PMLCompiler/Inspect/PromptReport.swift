internal import Failure

/// What `pmlc inspect` shows of a prompt: what stands where, what of it is read from the store, and whose turn it is.
public struct PromptReport: Sendable {
  /// Tokens side by side that have one origin and belong to one turn.
  public struct Part: Hashable, Sendable {
    /// What it is.
    public enum Kind: String, Hashable, Sendable {
      /// The schema's text, or a module's.
      case text
      /// The text of a module that sees no other.
      case isolated
      /// Text of a module with `cache="false"`.
      case uncached
      /// What fills a parameter.
      case argument
      /// The prompt's own text.
      case newText = "new"
      /// What opens the answer.
      case header
    }

    /// What it is.
    public let kind: Kind
    /// The module that it belongs to; `nil` for what the prompt adds.
    public let path: ModulePath?
    /// The parameter that it fills; `nil` for other parts.
    public let parameter: String?
    /// Whose turn it is in; `nil` for what stands in none.
    public let turn: ChatTemplate.Role?
    /// Number of the turn, from 0 on: two of one role may follow each other. `nil` for what stands in none.
    public let turnNumber: Int?
    /// Position of the first token.
    public let start: Int
    /// The tokens.
    public fileprivate(set) var tokens: [TokenID]
    /// How many of them are read from the store.
    public fileprivate(set) var cachedCount: Int

    var end: Int { start + tokens.count }
  }

  /// What people call the prompt.
  public let name: String
  /// The model that it is for: its name, and how many positions it has.
  public let model: (name: String, contextLength: Int)
  /// Where its tokens stand.
  public let layout: PromptLayout
  /// What is present, by position.
  public let parts: [Part]
  /// Positions up to the answer's first token that hold nothing.
  public let gaps: [Range<Int>]
  let schemaLayout: SchemaLayout
  let decode: @Sendable ([TokenID]) -> String

  /// A report.
  ///
  /// - Parameters:
  ///   - name: what people call the prompt.
  ///   - layout: where its tokens stand.
  ///   - schema: the schema, as it was lowered.
  ///   - plan: what `layout` was made of.
  ///   - template: what stands around the text of roles.
  ///   - tokenizer: the one that both were laid out with.
  ///   - model: what it is for: its name, and how many positions it has.
  ///   - decode: gives the text of tokens.
  public init(
    of name: String, _ layout: PromptLayout, schema: Schema, plan: EncodingPlan, template: ChatTemplate,
    tokenizer: some TextTokenizer, model: (name: String, contextLength: Int),
    decode: @escaping @Sendable ([TokenID]) -> String
  ) {
    self.name = name
    self.layout = layout
    self.model = model
    self.decode = decode
    schemaLayout = plan.layout
    let runs = schema.textRuns
    let origins = layout.parts.map { part -> TextRun.Origin in
      switch part.content {
      case .newText(let origin), .ending(let origin): origin
      case .schema(.segment(let index)):
        if case .text(let run) = plan.layout.segments[index].kind { runs[run].origin } else { .document }
      case .schema(.parameter), .schema(.restToken): .document
      }
    }
    let turns = ChatTurns(
      of: zip(layout.parts, origins).map { $1 == .template ? $0.tokens : nil }, template: template, tokenizer: tokenizer
    )
    var parts: [Part] = []
    for (index, part) in layout.parts.enumerated() {
      let isReadable = part.encoding != nil
      let next = Part(
        part.content, isHeader: turns.opensAnswer && index == layout.parts.count - 1, in: plan.layout,
        turn: turns.turns[index], start: part.start, tokens: part.tokens,
        cachedCount: isReadable ? layout.reusableCount(of: index) : 0)
      if let last = parts.last, last.isContinued(by: next) {
        parts[parts.count - 1].tokens += next.tokens
        parts[parts.count - 1].cachedCount += next.cachedCount
      } else {
        parts.append(next)
      }
    }
    self.parts = parts
    var gaps: [Range<Int>] = []
    var end = 0
    for part in parts {
      if part.start > end { gaps.append(end..<part.start) }
      end = max(end, part.end)
    }
    if layout.nextPosition > end { gaps.append(end..<layout.nextPosition) }
    self.gaps = gaps
  }

  /// Positions that hold nothing.
  var emptyCount: Int { gaps.reduce(0) { $0 + $1.count } }
  /// Positions behind the prompt; negative where it does not fit.
  var room: Int { model.contextLength - layout.nextPosition }
}

extension PromptReport.Part {
  fileprivate init(
    _ content: PromptLayout.Part.Content, isHeader: Bool, in layout: SchemaLayout, turn: ChatTurns.Turn?, start: Int,
    tokens: [TokenID], cachedCount: Int
  ) {
    var parameter: String?
    var path: ModulePath?
    switch content {
    case .schema(let item):
      let module = layout.modules[layout.module(of: item)]
      path = module.path
      if case .parameter(let index) = item {
        parameter = layout.parameters[index].name
        kind = .argument
      } else {
        kind = !module.isCached ? .uncached : module.attention == .isolated ? .isolated : .text
      }
    case .newText, .ending: kind = isHeader ? .header : .newText
    }
    self.path = path
    self.parameter = parameter
    self.turn = turn?.role
    turnNumber = turn?.number
    self.start = start
    self.tokens = tokens
    self.cachedCount = cachedCount
  }

  /// Whether a part goes on where this one ends.
  fileprivate func isContinued(by next: Self) -> Bool {
    kind == next.kind && path == next.path && parameter == next.parameter && turnNumber == next.turnNumber
      && end == next.start
  }

  /// What people call it.
  var title: String {
    let place = path.map { $0 == .root ? "(schema)" : $0.description }
    return switch kind {
    case .text, .isolated, .uncached: place ?? ""
    case .argument: "\(place ?? "") {\(parameter ?? "")}"
    case .newText: "(new text)"
    case .header: "(answer's header)"
    }
  }
}
