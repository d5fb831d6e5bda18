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
  private var values: [[Float]]

  init(_ inputs: [InferenceEngine.Input], in passes: [[Part]], masses: AttentionMassSums? = nil) {
    self.inputs = inputs
    self.masses = masses
    self.passes = passes[...]
    before = inputs.map { $0.sequence.fresh?.count ?? 0 }
    values = Array(repeating: [], count: inputs.count)
  }

  var isDone: Bool { passes.isEmpty && current == nil }

  /// Keeps the logits of the current pass.
  mutating func take(_ logits: Matrix) {
    guard let current else { return }
    var row = 0
    for (part, span) in zip(current.parts, current.layers.pass.spans) {
      for _ in span.asked {
        values[part.input] += logits.row(row)
        row += 1
      }
    }
  }

  /// What was asked for, input by input.
  func logits(vocabularySize size: Int) -> [Logits] {
    values.map { Logits(rows: $0.count / size, vocabularySize: size, values: $0) }
  }

  /// Takes the tokens off the sequences again.
  mutating func rollBack() {
    for (input, count) in zip(inputs, before) { input.sequence.fresh?.truncate(to: count) }
    passes = []
    current = nil
  }
}
