/// A pass on its way through the layers.
struct PassInLayers {
  let pass: Pass
  fileprivate let plan: PassPlan
  fileprivate let askedPlan: PassPlan
  fileprivate let rotary: RotaryTables?
  /// The residual stream; in the end that of the rows that were asked for, or `nil` if there are none.
  fileprivate var hidden: Matrix?
  /// The layer that is computed next.
  fileprivate(set) var layer = 0
}

/// How attention is cut into tasks: span by span, or, of short inputs, by what is attended to.
private enum PassPlan {
  case bySpan(AttentionPlan)
  case shared(SharedAttentionPlan)

  var isEmpty: Bool {
    switch self {
    case .bySpan(let plan): plan.blocks.isEmpty
    case .shared(let plan): plan.readers.isEmpty
    }
  }
}

/// The forward pass of every supported family.
struct TransformerDecoder {
  let description: DecoderDescription
  let weights: DecoderWeights
  let compute: Compute

  var layers: Int { weights.layers.count }

  /// A decoder with scratch memory of its own, for a pass that others come between.
  var beside: TransformerDecoder {
    TransformerDecoder(
      description: description, weights: weights, compute: Compute(sharingThreadsOf: compute))
  }

  /// Takes `pass` up to the first layer. Until it is through, its scratch memory is in use.
  func begin(_ pass: Pass) throws(EngineError) -> PassInLayers {
    let rotary = try rotaryTables(pass)
    func plan(_ rows: (Pass.Span) -> Range<Int>, planned: (Pass.Span) -> Int) -> PassPlan {
      pass.packs || pass.masses != nil
        ? .bySpan(AttentionPlan(pass, description, rows: rows, planned: planned))
        : .shared(SharedAttentionPlan(pass, description, rows: rows))
    }
    return PassInLayers(
      pass: pass, plan: plan(\.rows) { $0.whole.count }, askedPlan: plan(\.asked) { $0.asked.count }, rotary: rotary,
      hidden: try embed(pass.tokens))
  }

  /// Takes a pass through its next layer, which appends the layer's keys and values to the sequences' states.
  func computeLayer(of state: inout PassInLayers) throws(EngineError) {
    guard let hidden = state.hidden else { return }
    let (pass, index) = (state.pass, state.layer)
    let layer = weights.layers[index]
    let table = description.layers[index].rotation.flatMap { state.rotary?[$0] }
    let isLast = index == layers - 1
    let normalized = try matrix(.normalized, like: hidden)
    compute.normalize(hidden, layer.attentionNorm, into: normalized)
    let projection = try project(normalized, layer, pass)
    compute.storeStates(projection, layer: index, pass: pass, table: table, description)
    state.layer += 1
    if state.layer == pass.masses?.endLayer {
      _ = try attend(state.plan, projection, layer: index, pass, table: table)
      state.hidden = nil
      return
    }
    // Past the last layer's states, only the rows that were asked for matter.
    if isLast, state.askedPlan.isEmpty {
      state.hidden = nil
      return
    }
    let attended = try attend(isLast ? state.askedPlan : state.plan, projection, layer: index, pass, table: table)
    if isLast {
      state.hidden = try finish(layer, pass, hidden: hidden, attended: attended, normalized: normalized)
    } else {
      try join(layer, pass, hidden: hidden, attended: attended, normalized: normalized)
    }
  }

  /// Attention of the plan's rows, and the sums of its weights if the pass wants those of this layer.
  private func attend(
    _ plan: PassPlan, _ projection: Matrix, layer: Int, _ pass: Pass, table: RotaryTable?
  ) throws(EngineError) -> Matrix {
    let attended = try compute.workspace.matrix(.attended, rows: projection.rows, columns: description.querySize)
    switch plan {
    case .shared(let plan):
      try compute.attend(
        plan, queries: projection, into: attended, layer: layer, pass: pass, table: table, description)
    case .bySpan(let plan):
      try attend(plan, projection, into: attended, layer: layer, pass, table: table)
    }
    return attended
  }

  private func attend(
    _ plan: AttentionPlan, _ projection: Matrix, into attended: Matrix, layer: Int, _ pass: Pass, table: RotaryTable?
  ) throws(EngineError) {
    let masses = pass.masses.flatMap { $0.layers.contains(layer) ? $0 : nil }
    var logarithms: Matrix?
    if masses != nil {
      logarithms = try compute.workspace.matrix(
        .logarithms, rows: description.keyValueHeads, columns: projection.rows * description.groupSize)
    }
    try compute.attend(
      plan, queries: projection, into: attended, logarithms: logarithms, layer: layer, pass: pass, table: table,
      description)
    if let masses, let logarithms {
      try compute.addMasses(
        to: masses, queries: projection, logarithms: logarithms, layer: layer, pass: pass, table: table, description)
    }
  }

  /// The logits of the rows that were asked for, (asked, vocabulary), of a pass that is through all layers; `nil` if
  /// there are none.
  func logits(of state: PassInLayers) throws(EngineError) -> Matrix? {
    guard let hidden = state.hidden else { return nil }
    return try logits(hidden, packs: state.pass.packsAsked)
  }

  /// The embedding of each token.
  private func embed(_ tokens: [Int32]) throws(EngineError) -> Matrix {
    let hidden = try compute.workspace.matrix(.hidden, rows: tokens.count, columns: description.hiddenSize)
    for (row, token) in tokens.enumerated() {
      unsafe weights.embedding.convert(row: Int(token), into: hidden.pointer(row: row))
    }
    compute.scale(hidden, by: description.scales.embedding)
    return hidden
  }

  private func rotaryTables(_ pass: Pass) throws(EngineError) -> RotaryTables? {
    guard case .rotary(let frequencies) = description.positions else { return nil }
    return try compute.rotaryTables(pass, frequencies)
  }

  /// Queries, keys and values of each row, side by side.
  private func project(_ normalized: Matrix, _ layer: DecoderWeights.Layer, _ pass: Pass) throws(EngineError) -> Matrix
  {
    let projection = try compute.workspace.matrix(
      .projection, rows: normalized.rows, columns: description.projectionSize)
    try compute.multiply(
      normalized, packs: pass.packs,
      layer.projection.map { Product(linear: $0.linear, output: projection.columns($0.columns)) })
    if let bound = description.projectionBound { compute.clip(projection, to: bound) }
    // Families with these norms have all queries, then all keys.
    let keys = description.querySize..<description.querySize + description.keyValueSize
    if let norm = layer.queryNorm { compute.normalizeHeads(projection.columns(0..<keys.lowerBound), norm) }
    if let norm = layer.keyNorm { compute.normalizeHeads(projection.columns(keys), norm) }
    return projection
  }

  /// Adds attention and feed-forward to the residual stream.
  private func join(
    _ layer: DecoderWeights.Layer, _ pass: Pass, hidden: Matrix, attended: Matrix, normalized: Matrix
  ) throws(EngineError) {
    func attend() throws(EngineError) {
      try add(attended, times: layer.attentionOutput, norm: layer.attentionOutputNorm, pass, to: hidden)
    }
    switch description.residual {
    case .sequential:
      try attend()
      if let norm = layer.feedForwardNorm { compute.normalize(hidden, norm, into: normalized) }
    case .parallel:
      if let norm = layer.feedForwardNorm { compute.normalize(hidden, norm, into: normalized) }
      try attend()
    }
    try feedForward(layer, pass, normalized, addingTo: hidden)
  }

  private func feedForward(
    _ layer: DecoderWeights.Layer, _ pass: Pass, _ input: Matrix, addingTo hidden: Matrix
  ) throws(EngineError) {
    let up = try compute.workspace.matrix(.up, rows: input.rows, columns: description.intermediateSize)
    try compute.multiply(
      input, packs: pass.packs, gate: layer.gate, up: layer.up, activation: description.activation, into: up)
    try add(up, times: layer.down, norm: layer.feedForwardOutputNorm, pass, to: hidden)
  }

  /// Adds a product, normalized if the family does so, to the residual stream. May write to `x`.
  private func add(
    _ x: Matrix, times linear: Linear, norm: Normalization?, _ pass: Pass, to hidden: Matrix
  ) throws(EngineError) {
    guard let norm else {
      compute.scale(x, by: description.scales.residual)
      return try compute.add(x, packs: pass.packs, times: linear, to: hidden)
    }
    let branch = try matrix(.branch, like: hidden)
    try compute.multiply(x, packs: pass.packs, [Product(linear: linear, output: branch)])
    compute.normalize(branch, norm, into: branch)
    compute.add(branch, to: hidden)
  }

  /// The last layer, for the rows that were asked for alone.
  private func finish(
    _ layer: DecoderWeights.Layer, _ pass: Pass, hidden: Matrix, attended: Matrix, normalized: Matrix
  ) throws(EngineError) -> Matrix {
    let asked = pass.asked
    let (workspace, count) = (compute.workspace, asked.count)
    let askedHidden = try workspace.matrix(.askedHidden, rows: count, columns: hidden.columns)
    let askedAttended = try workspace.matrix(.askedAttended, rows: count, columns: attended.columns)
    let askedNormalized = try workspace.matrix(.askedNormalized, rows: count, columns: normalized.columns)
    compute.gather(asked, of: hidden, into: askedHidden)
    compute.gather(asked, of: attended, into: askedAttended)
    compute.gather(asked, of: normalized, into: askedNormalized)
    try join(
      layer, pass.ofAsked, hidden: askedHidden, attended: askedAttended, normalized: askedNormalized)
    return askedHidden
  }

  private func logits(_ hidden: Matrix, packs: Bool) throws(EngineError) -> Matrix {
    let normalized = try matrix(.normalized, like: hidden)
    compute.normalize(hidden, weights.finalNorm, into: normalized)
    let logits = try compute.workspace.matrix(.logits, rows: hidden.rows, columns: weights.output.weight.rows)
    try compute.multiply(
      normalized, packs: packs, [Product(linear: weights.output, output: logits)])
    compute.scale(logits, by: description.scales.logits)
    if let cap = description.scales.logitCap { compute.bend(logits, to: cap) }
    return logits
  }

  private func matrix(_ slot: Workspace.Slot, like matrix: Matrix) throws(EngineError) -> Matrix {
    try compute.workspace.matrix(slot, rows: matrix.rows, columns: matrix.columns)
  }
}
