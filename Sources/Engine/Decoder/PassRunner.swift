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
  private static let mostRows = 512

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
    for parts in Self.cut(inputs.map(\.tokens.count)) {
      let begun = parts.map { inputs[$0.input].sequence }.filter { $0.fresh == nil }
      let pass = makePass(parts, of: inputs, isEncoding: isEncoding)
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

  /// Packs inputs of these lengths, in order, into passes. Where an input is cut depends on its own length alone, so
  /// that its result does not depend on what it is packed with.
  private static func cut(_ lengths: [Int]) -> [[Part]] {
    var passes: [[Part]] = []
    var room = 0
    for (input, length) in lengths.enumerated() {
      for start in stride(from: 0, to: length, by: mostRows) {
        let part = Part(input: input, tokens: start..<min(start + mostRows, length))
        if part.tokens.count > room {
          passes.append([])
          room = mostRows
        }
        passes[passes.count - 1].append(part)
        room -= part.tokens.count
      }
    }
    return passes
  }

  private func makePass(_ parts: [Part], of inputs: [InferenceEngine.Input], isEncoding: Bool) -> Pass {
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
      let fresh = input.sequence.append(positions: input.positions[part.tokens], shape: configuration.kvShape)
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
