/// The tokens of a schema's text, run by run: what a layout needs of a tokenizer.
struct SchemaTokens {
  /// What stands at position 0, where the model has it.
  let beginOfSequence: TokenID?
  /// What isolated modules rest on, where nothing stands at position 0.
  let restToken: TokenID?
  /// Fills parameters.
  let fillToken: TokenID
  /// Tokens of `schema.tokenizedRuns`, in that order.
  let runs: [[TokenID]]

  init(beginOfSequence: TokenID?, restToken: TokenID?, fillToken: TokenID, runs: [[TokenID]]) {
    self.beginOfSequence = beginOfSequence
    self.restToken = beginOfSequence == nil ? restToken : nil
    self.fillToken = fillToken
    self.runs = runs
  }

  /// Tokenizes `schema`, on several cores where there is much of it.
  init(of schema: Schema, with tokenizer: some TextTokenizer) {
    self.init(
      beginOfSequence: tokenizer.beginOfSequence, restToken: tokenizer.restToken, fillToken: tokenizer.placeholder,
      runs: Self.tokenize(schema.tokenizedRuns.map(\.run), with: tokenizer))
  }

  /// Text worth a task of its own: some milliseconds of work.
  private static let bytesPerTask = 1 << 16

  private static func tokenize(_ runs: [TextRun], with tokenizer: some TextTokenizer) -> [[TokenID]] {
    let tasks = split(runs)
    guard tasks.count > 1 else { return runs.map(tokenizer.tokens(of:)) }
    return Array(inParallel(tasks.count) { runs[tasks[$0]].map(tokenizer.tokens(of:)) }.joined())
  }

  /// Neighbouring runs that make `bytesPerTask` together.
  private static func split(_ runs: [TextRun]) -> [Range<Int>] {
    var tasks: [Range<Int>] = []
    var start = 0
    var bytes = 0
    for (index, run) in runs.enumerated() {
      bytes += run.text.utf8.count
      if bytes >= bytesPerTask || index == runs.count - 1 {
        tasks.append(start..<index + 1)
        start = index + 1
        bytes = 0
      }
    }
    return tasks
  }
}

extension Schema {
  /// The runs of text, in document order: what `SchemaLayout.Segment.Kind.text` counts.
  public var textRuns: [TextRun] { tokenizedRuns.compactMap { if case .text = $0.use { $0.run } else { nil } } }

  /// All that is tokenized, in document order: each run of text, each parameter's placeholder text, then its default.
  var tokenizedRuns: [TokenizedRun] {
    var collector = RunCollector()
    collector.collect(nodes)
    return collector.runs
  }
}

/// Text to tokenize, and what its tokens are for.
struct TokenizedRun {
  enum Use {
    /// The schema's run of text with this number.
    case text(Int)
    /// The placeholder text of the parameter with this number.
    case placeholder(Int)
    /// The default of the parameter with this number.
    case defaultText(Int)
  }

  let run: TextRun
  let use: Use
}

private struct RunCollector {
  private(set) var runs: [TokenizedRun] = []
  private var texts = 0
  private var parameters = 0

  mutating func collect(_ nodes: [Schema.Node]) {
    for node in nodes {
      switch node {
      case .text(let run):
        runs.append(TokenizedRun(run: run, use: .text(texts)))
        texts += 1
      case .parameter(let parameter):
        if let text = parameter.placeholder {
          runs.append(TokenizedRun(run: TextRun(parameter.argumentText(text)), use: .placeholder(parameters)))
        }
        if let text = parameter.defaultText {
          runs.append(TokenizedRun(run: TextRun(parameter.argumentText(text)), use: .defaultText(parameters)))
        }
        parameters += 1
      case .library: break
      case .module(let module):
        collect(module.nodes)
      case .union(let union):
        for member in union.members { collect(member.nodes) }
      }
    }
  }
}

extension Schema.Parameter {
  /// What is tokenized for an argument (a default, a placeholder): the space that stood before the parameter goes with it.
  func argumentText(_ text: String) -> String { leadingSpace ? " " + text : text }
}
