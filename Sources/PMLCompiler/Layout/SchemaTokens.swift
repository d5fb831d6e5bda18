import Dispatch
import Synchronization

/// The tokens of a schema's text, run by run: what a layout needs of a tokenizer.
struct SchemaTokens {
  /// What stands at position 0, where the model has it.
  let beginOfSequence: TokenID?
  /// Fills parameters.
  let fillToken: TokenID
  /// Tokens of `schema.tokenizedRuns`, in that order.
  let runs: [[TokenID]]

  init(beginOfSequence: TokenID?, fillToken: TokenID, runs: [[TokenID]]) {
    self.beginOfSequence = beginOfSequence
    self.fillToken = fillToken
    self.runs = runs
  }

  /// Tokenizes `schema`, on several cores where there is much of it.
  init(of schema: Schema, with tokenizer: some TextTokenizer) {
    self.init(
      beginOfSequence: tokenizer.beginOfSequence, fillToken: tokenizer.placeholder,
      runs: Self.tokenize(schema.tokenizedRuns, with: tokenizer))
  }

  /// Text worth a task of its own: some milliseconds of work.
  private static let bytesPerTask = 1 << 16

  private static func tokenize(_ runs: [TextRun], with tokenizer: some TextTokenizer) -> [[TokenID]] {
    let tasks = split(runs)
    guard tasks.count > 1 else { return runs.map(tokenizer.tokens(of:)) }
    let results = Mutex([[[TokenID]]](repeating: [], count: tasks.count))
    DispatchQueue.concurrentPerform(iterations: tasks.count) { task in
      let tokens = runs[tasks[task]].map(tokenizer.tokens(of:))
      results.withLock { $0[task] = tokens }
    }
    return results.withLock { Array($0.joined()) }
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
  /// All that is tokenized, in document order: each run of text, each parameter's placeholder text, then its default.
  var tokenizedRuns: [TextRun] {
    var runs: [TextRun] = []
    Self.collectRuns(in: nodes, into: &runs)
    return runs
  }

  private static func collectRuns(in nodes: [Node], into runs: inout [TextRun]) {
    for node in nodes {
      switch node {
      case .text(let run):
        runs.append(run)
      case .parameter(let parameter):
        if let text = parameter.scaffold { runs.append(TextRun(parameter.argumentText(text))) }
        if let text = parameter.defaultText { runs.append(TextRun(parameter.argumentText(text))) }
      case .module(let module):
        collectRuns(in: module.nodes, into: &runs)
      case .union(let union):
        for member in union.members { collectRuns(in: member.nodes, into: &runs) }
      }
    }
  }
}

extension Schema.Parameter {
  /// What is tokenized for an argument (a default, a placeholder): the space that stood before the parameter goes with it.
  func argumentText(_ text: String) -> String { leadingSpace ? " " + text : text }
}
