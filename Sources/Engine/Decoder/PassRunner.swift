/// Cuts what is asked for into passes of bounded size and runs them.
struct PassRunner {
  let decoder: TransformerDecoder
  let configuration: ModelConfiguration
  /// Whether no pass was run yet, so that the weights may not be in memory.
  private var isFirst = true

  init(decoder: TransformerDecoder, configuration: ModelConfiguration) {
    self.decoder = decoder
    self.configuration = configuration
  }

  /// Most rows of one pass: enough to spread the cost of reading the weights, few enough to bound scratch memory.
  static let mostRows = 512

  /// Runs inputs that have been checked, whose sequences are claimed.
  ///
  /// - Parameter isEncoding: whether states are what is wanted. Their bits depend on the input alone, not on what it is
  ///   packed with; otherwise passes of a few rows take a faster way that rounds differently.
  /// - Throws: `EngineError.cancelled` if the current task is cancelled meanwhile; the sequences are as before then.
  mutating func run(_ inputs: [InferenceEngine.Input], isEncoding: Bool) throws(EngineError) -> [Logits] {
    let before = inputs.map { $0.sequence.fresh?.count ?? 0 }
    do {
      return try runPasses(inputs, isEncoding: isEncoding)
    } catch {
      for (input, count) in zip(inputs, before) { input.sequence.fresh?.truncate(to: count) }
      throw error
    }
  }

  private mutating func runPasses(
    _ inputs: [InferenceEngine.Input], isEncoding: Bool
  ) throws(EngineError) -> [Logits] {
    var values: [[Float]] = Array(repeating: [], count: inputs.count)
    for parts in cut(inputs, isEncoding: isEncoding) {
      let begun = parts.map { inputs[$0.input].sequence }.filter { $0.fresh == nil }
      let pass = try makePass(parts, of: inputs, isEncoding: isEncoding)
      let readAhead = ReadAhead(weights: isFirst ? decoder.weights.layers : [], sequences: begun)
      let logits = try decoder.forward(pass, readAhead)
      isFirst = false
      guard let logits else { continue }
      var row = 0
      for (part, span) in zip(parts, pass.spans) {
        for _ in span.asked {
          values[part.input] += logits.row(row)
          row += 1
        }
      }
    }
    let size = configuration.vocabularySize
    return values.map { Logits(rows: $0.count / size, vocabularySize: size, values: $0) }
  }

  /// Some tokens of one input.
  private struct Part {
    let input: Int
    let tokens: Range<Int>
  }

  /// Which way the rows of a part go through products. What goes different ways does not share a pass, so that the
  /// result of one input does not depend on what it is packed with.
  private enum Way: CaseIterable {
    /// Packed, few asked for at the end, or none.
    case many
    /// Packed to the end.
    case manyAsked
    /// As they lie.
    case few
  }

  /// A pass that there is still room in.
  private struct OpenPass {
    let index: Int
    var rows: Int
    var asked: Int
  }

  /// Packs inputs into passes. Where an input is cut, and which way its parts go, depends on itself alone.
  private func cut(_ inputs: [InferenceEngine.Input], isEncoding: Bool) -> [[Part]] {
    let few = Compute.fewRows(decoder.weights.output.weight.element.activationForm)
    var passes: [[Part]] = []
    var open: [Way: OpenPass] = [:]
    for (index, input) in inputs.enumerated() {
      var earliest = 0
      for start in stride(from: 0, to: input.tokens.count, by: Self.mostRows) {
        let part = Part(input: index, tokens: start..<min(start + Self.mostRows, input.tokens.count))
        let rows = part.tokens.count
        let asked = asked(0..<rows, of: input, part).count
        let way: Way = isEncoding ? .many : rows <= few ? .few : asked <= few ? .many : .manyAsked
        var pass = open[way] ?? OpenPass(index: -1, rows: 0, asked: 0)
        if pass.index < earliest || pass.rows < rows || way == .many && pass.asked < asked {
          pass = OpenPass(index: passes.count, rows: way == .few ? few : Self.mostRows, asked: few)
          passes.append([])
        }
        passes[pass.index].append(part)
        pass.rows -= rows
        pass.asked -= asked
        open[way] = pass
        earliest = pass.index + 1
      }
    }
    return passes
  }

  private func makePass(
    _ parts: [Part], of inputs: [InferenceEngine.Input], isEncoding: Bool
  ) throws(EngineError) -> Pass {
    var isRotary = false
    if case .rotary = configuration.decoder.positions { isRotary = true }
    var tokens: [Int32] = []
    var positions: [Int32] = []
    var spans: [Pass.Span] = []
    var angles = 0
    for part in parts {
      let input = inputs[part.input]
      let rows = tokens.count..<tokens.count + part.tokens.count
      tokens += input.tokens[part.tokens]
      positions += input.positions[part.tokens]
      let fresh = try input.sequence.append(positions: input.positions[part.tokens], shape: configuration.kvShape)
      let (cached, shifts) = Pass.Span.runs(input.sequence.attended, isRotary: isRotary)
      spans.append(
        Pass.Span(
          rows: rows, tokens: fresh.count - rows.count..<fresh.count, fresh: fresh, cached: cached, shifts: shifts,
          asked: asked(rows, of: input, part), firstAngle: angles))
      angles += shifts.count * rows.count
    }
    return Pass(tokens: tokens, positions: positions, spans: spans, angles: angles, packs: isEncoding)
  }

  /// The rows of a part that logits are wanted for.
  private func asked(_ rows: Range<Int>, of input: InferenceEngine.Input, _ part: Part) -> Range<Int> {
    switch input.logits {
    case .none: rows.upperBound..<rows.upperBound
    case .last:
      part.tokens.upperBound == input.tokens.count
        ? rows.upperBound - 1..<rows.upperBound : rows.upperBound..<rows.upperBound
    case .all: rows
    }
  }
}
