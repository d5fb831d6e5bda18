/// Makes the new text of a lowered prompt: white space settled, roles turned into text, each group in its place.
struct PromptLowering {
  private let source: SourceFile
  private let template: ChatTemplate
  private let surroundings: PromptSurroundings
  private(set) var roles = RoleUses()
  private var newText: [Prompt.NewText] = []
  private var group: Group?
  private var runsLeft = 0
  /// What the groups up to now leave behind them.
  private var before = TextFlow()

  /// Runs that stand together, between two references.
  private struct Group {
    var runs: [TextRun] = []
    /// Number of those whose states are to be kept.
    var keptRuns = 0
    var range: Range<Int>
    var flow: TextFlow
  }

  init(_ source: SourceFile, schema: Schema, template: ChatTemplate, imports: [Prompt.Import]) {
    self.source = source
    self.template = template
    surroundings = PromptSurroundings(schema, template: template, imports: Set(imports.map(\.path)))
  }

  /// The new text of `prompt`; `references` are what its references at the top resolved to, in order, and `turns` what
  /// follows at its end.
  mutating func lower(
    _ prompt: PromptSyntax, references: [PromptAnalyzer.Reference], turns: [ChatTurn] = []
  ) -> [Prompt.NewText] {
    if surroundings.hasSystemRole { roles.roles.insert(.system) }
    // The last run loses the white space at its end; a turn's does not.
    runsLeft = turns.isEmpty ? prompt.content.reduce(0) { $0 + $1.runCount } : .max
    var next = references[...]
    var previous: PromptAnalyzer.Reference?
    for part in prompt.content {
      switch part {
      case .text(let text):
        begin(at: text.text.visibleRange(in: source.bytes), before: next.first, after: previous)
        append(text)
      case .role(let role):
        begin(at: role.range, before: next.first, after: previous)
        append(role)
      case .reference:
        end(before: next.first, after: previous)
        previous = next.popFirst()
      }
    }
    let end = source.bytes.count..<source.bytes.count
    for turn in turns {
      begin(at: end, before: next.first, after: previous)
      append(turn, at: source.positions(of: end))
    }
    self.end(before: nil, after: previous)
    return newText
  }

  private mutating func begin(
    at range: Range<Int>, before next: PromptAnalyzer.Reference?, after previous: PromptAnalyzer.Reference?
  ) {
    if let begun = group {
      group?.range = begun.range.lowerBound..<range.upperBound
    } else {
      let flow =
        next.map { surroundings.flow(before, before: $0.path, after: previous?.path) } ?? surroundings.flowAtEnd(before)
      group = Group(range: range, flow: flow)
    }
  }

  private mutating func end(before next: PromptAnalyzer.Reference?, after previous: PromptAnalyzer.Reference?) {
    guard let group else { return }
    self.group = nil
    guard !group.runs.isEmpty else { return }
    before.advance()
    let place = next.map { Prompt.NewText.Place.before($0.path, after: previous?.path) } ?? .end
    newText.append(
      Prompt.NewText(
        place: place, runs: group.runs, range: source.positions(of: group.range), keptRuns: group.keptRuns))
  }

  private mutating func append(_ text: TextSyntax) {
    runsLeft -= 1
    let isFirst = group?.flow.isFirst ?? false
    let settled =
      runsLeft == 0 && !text.isPreserved
      ? WhiteSpace.settleLast(text.text.bytes, isFirst: isFirst) : text.settled(isFirst: isFirst).text
    append(TextRun(String(decoding: settled, as: UTF8.self)))
  }

  private mutating func append(_ role: PromptRoleSyntax) {
    append(role.role, at: source.positions(of: role.nameRange)) { lowering in
      for text in role.texts { lowering.append(text) }
    }
  }

  private mutating func append(_ turn: ChatTurn, at place: Range<SourcePosition>) {
    append(turn.role, at: place) { lowering in
      lowering.append(TextRun(turn.text))
      let runs = lowering.group?.runs.count ?? 0
      if turn.isKept { lowering.group?.keptRuns = runs }
    }
  }

  /// Appends a role's text, with what stands around it.
  private mutating func append(
    _ role: ChatTemplate.Role, at place: Range<SourcePosition>, text: (inout Self) -> Void
  ) {
    roles.add(role, at: place)
    let parts = template.parts(of: role, followsSystem: group?.flow.followsSystem ?? false)
    append(TextRun(parts.prefix, origin: .template))
    text(&self)
    append(TextRun(parts.suffix, origin: .template))
    group?.flow.followsSystem = role == .system
  }

  private mutating func append(_ run: TextRun) {
    guard !run.text.isEmpty else { return }
    group?.runs.append(run)
    group?.flow.advance()
  }
}

extension PromptSyntax.Part {
  fileprivate var runCount: Int {
    switch self {
    case .text: 1
    case .role(let role): role.texts.count
    case .reference: 0
    }
  }
}

extension PromptSyntax {
  /// Whether the last thing in the prompt is a user's turn.
  var endsWithUserTurn: Bool {
    if case .role(let role) = content.last { role.role == .user } else { false }
  }
}
