/// Cuts what is asked for into passes of bounded size and runs them.
struct PassRunner {
  let decoder: TransformerDecoder
  let configuration: ModelConfiguration
  /// Whether no pass was run yet, so that the weights may not be in memory.
  private var isFirst = true
  /// Decoders with scratch memory of their own that no work uses.
  private var spare: [TransformerDecoder] = []

  init(decoder: TransformerDecoder, configuration: ModelConfiguration) {
    self.decoder = decoder
    self.configuration = configuration
  }

  /// Most rows of one pass: enough to spread the cost of reading the weights, few enough to bound scratch memory.
  static let mostRows = 512
  /// Rows of a prompt or an encoding that attention takes together. They are counted from where the sequence begins, so that
  /// the parts in which it comes make no difference to what is rounded.
  static let rowsPerSpan = 64
  /// Up to so many rows of one input take the way of few.
  static let fewRows = 8
  /// Rows of a pass of inputs of few: so many answers at once share what is read for them. It bounds the logits of a pass.
  private static let rowsOfFew = 32

  /// Runs inputs that have been checked, whose sequences are claimed.
  ///
  /// - Throws: `EngineError.cancelled` if the current task is cancelled meanwhile; the sequences are as before then.
  mutating func run(_ inputs: [InferenceEngine.Input]) throws(EngineError) -> [Logits] {
    var work = PassWork(inputs, in: cut(inputs))
    do throws(EngineError) {
      while !work.isDone {
        if Task.isCancelled { throw .cancelled }
        try advance(&work, decoder)
      }
      return work.logits(vocabularySize: configuration.vocabularySize)
    } catch {
      work.rollBack()
      throw error
    }
  }

  /// Work on inputs that have been checked, whose sequences stay claimed until it is done or rolled back, and a decoder
  /// for it, with scratch memory that no other pass uses until it is given back.
  ///
  /// - Parameter masses: what attention of the one input is summed up, if any is.
  mutating func begin(
    _ inputs: [InferenceEngine.Input], masses: AttentionMassSums?
  ) -> (work: PassWork, decoder: TransformerDecoder) {
    (PassWork(inputs, in: cut(inputs), masses: masses), spare.popLast() ?? decoder.beside)
  }

  /// Keeps the scratch memory of work that is over for the next one.
  mutating func giveBack(_ decoder: TransformerDecoder) {
    if spare.count < 2 { spare.append(decoder) }
  }

  /// Computes the next layer of `work`.
  ///
  /// - Parameter decoder: the same one each time; its scratch memory is the work's.
  /// - Throws: `EngineError.outOfMemory`. The work is to be rolled back then.
  mutating func advance(_ work: inout PassWork, _ decoder: TransformerDecoder) throws(EngineError) {
    if work.current == nil {
      guard let parts = work.passes.popFirst() else { return }
      let begun = parts.map { work.inputs[$0.input].sequence }.filter { ($0.fresh?.count ?? 0) == 0 }
      let pass = try makePass(parts, of: work)
      let readAhead = ReadAhead(weights: isFirst ? decoder.weights.layers : [], sequences: begun)
      work.current = PassWork.Current(parts: parts, layers: try decoder.begin(pass), readAhead: readAhead)
    }
    guard var current = work.current else { return }
    current.readAhead.willCompute(layer: current.layers.layer)
    try decoder.computeLayer(of: &current.layers)
    work.current = current
    guard current.layers.layer == work.masses?.endLayer ?? decoder.layers else { return }
    if current.layers.layer == decoder.layers { isFirst = false }
    if let logits = try decoder.logits(of: current.layers) { work.take(logits) }
    work.current = nil
  }

  /// The parts that an input's tokens are cut into for attention.
  private static func spans(of input: InferenceEngine.Input) -> [Range<Int>] {
    let (tokens, before) = (input.tokens.count, input.sequence.fresh?.count ?? 0)
    var spans: [Range<Int>] = []
    var start = 0
    while start < tokens {
      let end = min(start + input.sequence.layout.rows(from: before + start, atMost: rowsPerSpan), tokens)
      spans.append(start..<end)
      start = end
    }
    return spans
  }

  /// How an input's tokens are cut into parts.
  private static func parts(of input: InferenceEngine.Input) -> (ranges: [Range<Int>], isShort: Bool) {
    let count = input.tokens.count
    if count <= fewRows, !input.isPartOfPrompt, !input.isEncoding { return ([0..<count], true) }
    return (spans(of: input), false)
  }

  /// How the rows of a part go through products. Parts of different kinds never share a pass, so that the result of one
  /// input does not depend on what it is packed with.
  private enum PassKind: CaseIterable {
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
  private func cut(_ inputs: [InferenceEngine.Input]) -> [[PassWork.Part]] {
    let few = Self.fewRows
    var passes: [[PassWork.Part]] = []
    var open: [PassKind: OpenPass] = [:]
    for (index, input) in inputs.enumerated() {
      var earliest = 0
      let (ranges, isShort) = Self.parts(of: input)
      for range in ranges {
        let part = PassWork.Part(input: index, tokens: range, isShort: isShort)
        let rows = part.tokens.count
        let asked = asked(0..<rows, of: input, part).count
        let kind: PassKind = isShort ? .few : asked <= few ? .many : .manyAsked
        var pass = open[kind] ?? OpenPass(index: -1, rows: 0, asked: 0)
        if pass.index < earliest || pass.rows < rows || kind == .many && pass.asked < asked {
          pass = OpenPass(index: passes.count, rows: kind == .few ? Self.rowsOfFew : Self.mostRows, asked: few)
          passes.append([])
        }
        passes[pass.index].append(part)
        pass.rows -= rows
        pass.asked -= asked
        open[kind] = pass
        earliest = pass.index
      }
    }
    return passes
  }

  private func makePass(_ parts: [PassWork.Part], of work: PassWork) throws(EngineError) -> Pass {
    try decoder.weights.checkFiles()
    var isRotary = false
    if case .rotary = configuration.decoder.positions { isRotary = true }
    var tokens: [Int32] = []
    var positions: [Int32] = []
    var spans: [Pass.Span] = []
    var angles = 0
    for part in parts {
      let input = work.inputs[part.input]
      let rows = tokens.count..<tokens.count + part.tokens.count
      tokens += input.tokens[part.tokens]
      positions += input.positions[part.tokens]
      let fresh = try input.sequence.append(positions: input.positions[part.tokens], shape: configuration.kvShape)
      let (cached, shifts) = Pass.Span.runs(input.sequence.attended, isRotary: isRotary)
      let own = fresh.count - rows.count..<fresh.count
      let isOfPrompt = !part.isShort && !input.isEncoding
      let section = fresh.layout.section(behind: own.lowerBound).lowerBound
      let start = own.lowerBound - (own.lowerBound - section) % Self.rowsPerSpan
      spans.append(
        Pass.Span(
          rows: rows, tokens: own, whole: isOfPrompt ? start..<start + Self.rowsPerSpan : own, fresh: fresh,
          cached: cached, shifts: shifts, isExtended: input.sequence.isExtended, isEncoding: input.isEncoding,
          asked: asked(rows, of: input, part), firstToken: part.tokens.lowerBound, firstAngle: angles))
      angles += shifts.count * rows.count
    }
    let packs = !parts.contains(where: \.isShort)
    return Pass(
      tokens: tokens, positions: positions, spans: spans, angles: angles, packs: packs,
      packsAsked: packs && spans.reduce(0) { $0 + $1.asked.count } > Self.fewRows, masses: work.masses)
  }

  /// The rows of a part that logits are wanted for.
  private func asked(_ rows: Range<Int>, of input: InferenceEngine.Input, _ part: PassWork.Part) -> Range<Int> {
    switch input.logits {
    case .none: rows.upperBound..<rows.upperBound
    case .last:
      part.tokens.upperBound == input.tokens.count
        ? rows.upperBound - 1..<rows.upperBound : rows.upperBound..<rows.upperBound
    case .all: rows
    }
  }
}
