/// Inputs on their way through passes, and each pass through the layers.
struct PassWork {
  /// Some tokens of one input.
  struct Part {
    let input: Int
    let tokens: Range<Int>
    /// Whether it is computed as few rows are.
    let isShort: Bool
  }

  /// The pass that is being computed.
  struct Current {
    let parts: [Part]
    var layers: PassInLayers
    let readAhead: ReadAhead
  }

  let inputs: [InferenceEngine.Input]
  /// What attention is summed up, of the one input; nothing stays of its tokens then.
  let masses: AttentionMassSums?
  /// The passes that have not begun.
  var passes: ArraySlice<[Part]>
  var current: Current?
  /// Tokens that each sequence had before.
  private let before: [Int]
  private var scores: [Scores]

  /// Scores of one input.
  private enum Scores {
    case copied([Float])
    case ofPass(Matrix)
  }

  init(_ inputs: [InferenceEngine.Input], in passes: [[Part]], masses: AttentionMassSums? = nil) {
    self.inputs = inputs
    self.masses = masses
    self.passes = passes[...]
    before = inputs.map { $0.sequence.fresh?.count ?? 0 }
    scores = Array(repeating: .copied([]), count: inputs.count)
  }

  var isDone: Bool { passes.isEmpty && current == nil }

  /// Keeps the logits of the current pass.
  mutating func take(_ logits: Matrix) {
    guard let current else { return }
    var next = 0
    for (part, span) in zip(current.parts, current.layers.pass.spans) where !span.asked.isEmpty {
      let rows = logits.rows(next..<next + span.asked.count)
      next += rows.rows
      // A short input is a pass's as a whole, and such a pass has few rows.
      if part.isShort {
        scores[part.input] = .ofPass(rows)
      } else if case .copied(let before) = scores[part.input] {
        scores[part.input] = .copied([])  // so that what was there is not copied too
        scores[part.input] = .copied((0..<rows.rows).reduce(into: before) { $0 += rows.row($1) })
      }
    }
  }

  /// What was asked for, input by input.
  func logits(vocabularySize size: Int) -> [Logits] {
    scores.map { scores in
      switch scores {
      case .copied(let values): Logits(rows: values.count / size, vocabularySize: size, values: values)
      case .ofPass(let rows): Logits(rows)
      }
    }
  }

  /// Takes the tokens off the sequences again.
  mutating func rollBack() {
    for (input, count) in zip(inputs, before) { input.sequence.fresh?.truncate(to: count) }
    passes = []
    current = nil
  }
}
