import ContentHash

/// A decoder's weights, found in the files and checked against the configuration; matrices stay where they lie.
struct DecoderWeights: Sendable {
  /// One layer.
  struct Layer: Sendable {
    let attentionNorm: Normalization
    /// `nil` where the feed-forward reads what attention read.
    let feedForwardNorm: Normalization?
    /// Norms of what attention and feed-forward give.
    let attentionOutputNorm: Normalization?
    let feedForwardOutputNorm: Normalization?
    /// Norms of each head's query and key.
    let queryNorm: Normalization?
    let keyNorm: Normalization?
    /// Products that write these columns of the fused projection.
    var projection: [(linear: Linear, columns: Range<Int>)]
    var attentionOutput: Linear
    var gate: Linear?
    var up: Linear
    var down: Linear

    /// All products of the layer.
    var linears: [Linear] {
      get { projection.map(\.linear) + [attentionOutput, up, down] + (gate.map { [$0] } ?? []) }
      set {
        for index in projection.indices { projection[index].linear = newValue[index] }
        let rest = newValue[projection.count...]
        (attentionOutput, up, down) = (rest[rest.startIndex], rest[rest.startIndex + 1], rest[rest.startIndex + 2])
        if gate != nil { gate = rest[rest.startIndex + 3] }
      }
    }
  }

  let embedding: WeightMatrix
  private(set) var layers: [Layer]
  let finalNorm: Normalization
  private(set) var output: Linear
  /// The mapped files that the weights lie in.
  private var files: [FileBytes] = []

  /// Finds every tensor that the configuration calls for.
  ///
  /// - Throws: `EngineError.missingTensor`, `.wrongShape`, `.unsupportedElement`.
  init(_ weights: any TensorSource, _ configuration: ModelConfiguration) throws(EngineError) {
    let decoder = configuration.decoder
    let names = decoder.names
    let loader = Loader(weights: weights, decoder: decoder)
    embedding = try weights.matrix(
      "\(names.embedding).weight", rows: configuration.vocabularySize, columns: decoder.hiddenSize)
    if let output = names.output {
      self.output = try loader.linear(
        output, outputs: configuration.vocabularySize, inputs: decoder.hiddenSize, bias: false)
    } else {
      output = Linear(name: names.embedding, weight: embedding, bias: nil)
    }
    finalNorm = try loader.norm(names.finalNorm, count: decoder.hiddenSize)
    var layers: [Layer] = []
    for index in decoder.layers.indices { layers.append(try loader.layer(index)) }
    self.layers = layers
    files = findFiles()
  }

  private func findFiles() -> [FileBytes] {
    var files: [FileBytes] = []
    for matrix in [embedding, output.weight] + layers.flatMap({ $0.linears.map(\.weight) })
    where matrix.file.identity != nil && !files.contains(where: { $0 === matrix.file }) {
      files.append(matrix.file)
    }
    return files
  }

  /// Checks that the files still reach as far as when they were mapped.
  ///
  /// One that is cut short later, while a pass reads it, still ends the process.
  ///
  /// - Throws: `EngineError.weightsShortened`.
  func checkFiles() throws(EngineError) {
    for file in files where file.isShortened { throw .weightsShortened(path: file.identity.map { "\($0.path)" } ?? "") }
  }
}

extension DecoderWeights {
  /// Replaces the matrices of all products by their eight-bit form: as `repacked` keeps it, or else made in memory. The
  /// embedding stays as it is stored, since only single rows of it are read.
  ///
  /// - Throws: `EngineError.weightNotFinite`, `.unreadableFile`, `.unwritableFile`, `.outOfMemory`.
  mutating func quantize(
    repacked: RepackedWeights?, pool: ThreadPool, progress: (_ done: Int, _ total: Int) -> Void
  ) throws(EngineError) {
    // What has a few bits already stays as it lies.
    let isWanted = { (linear: Linear) in linear.weight.element.activationForm == .plain }
    let form = QuantizedFile(
      (layers.flatMap(\.linears) + [output]).filter(isWanted), model: repacked?.model.hexadecimal ?? "")
    let file: FileBytes
    if let repacked {
      file = unsafe try repacked.file(
        .quantized, byteCount: form.byteCount, isRight: form.isHeld
      ) { bytes throws(EngineError) in
        unsafe try form.write(into: bytes, pool: pool, progress: progress)
      }
    } else {
      file = unsafe try FileBytes(byteCount: form.byteCount) { bytes throws(EngineError) in
        unsafe try form.write(into: bytes, pool: pool, progress: progress)
      }
    }
    replace(isWanted, by: form.quantized(in: file))
  }

  /// Replaces the matrices of products that have a turned form, which `repacked` keeps, by that, where this CPU multiplies
  /// it faster. Products have the same bits.
  ///
  /// - Throws: `EngineError.unreadableFile`, `.unwritableFile`, `.fileChanged`.
  mutating func turn(
    repacked: RepackedWeights, pool: ThreadPool, progress: (_ done: Int, _ total: Int) -> Void
  ) throws(EngineError) {
    let isWanted = { (linear: Linear) in TurnedFile.isWanted(linear.weight.element) }
    let matrices = (layers.flatMap(\.linears) + [output]).filter(isWanted)
    guard !matrices.isEmpty else { return }
    let form = TurnedFile(matrices, model: repacked.model.hexadecimal)
    let file = unsafe try repacked.file(
      .turned, byteCount: form.byteCount, isRight: form.isHeld
    ) { bytes throws(EngineError) in
      unsafe form.write(into: bytes, pool: pool, progress: progress)
    }
    replace(isWanted, by: form.turned(in: file))
  }

  /// Replaces those products of which `isWanted` says so, in their order.
  private mutating func replace(_ isWanted: (Linear) -> Bool, by others: [Linear]) {
    var others = others[...]
    for index in layers.indices {
      layers[index].linears = layers[index].linears.map { isWanted($0) ? others.popFirst() ?? $0 : $0 }
    }
    if isWanted(output) { output = others.popFirst() ?? output }
    files = findFiles()
  }
}

/// Finds the tensors of one decoder.
private struct Loader {
  let weights: any TensorSource
  let decoder: DecoderDescription

  func layer(_ index: Int) throws(EngineError) -> DecoderWeights.Layer {
    let names = decoder.names
    let (hidden, intermediate) = (decoder.hiddenSize, decoder.intermediateSize)
    let (gate, up) = try feedForward(index)
    let head = decoder.headDimension
    return DecoderWeights.Layer(
      attentionNorm: try norm(names.layer(index, names.attentionNorm), count: hidden),
      feedForwardNorm: try norm(index, names.feedForwardNorm, count: hidden),
      attentionOutputNorm: try norm(index, names.attentionOutputNorm, count: hidden),
      feedForwardOutputNorm: try norm(index, names.feedForwardOutputNorm, count: hidden),
      queryNorm: try norm(index, names.queryNorm, count: head), keyNorm: try norm(index, names.keyNorm, count: head),
      projection: try projection(index),
      attentionOutput: try linear(
        names.layer(index, names.attentionOutput), outputs: hidden, inputs: decoder.querySize,
        bias: names.attentionOutputBias, scale: decoder.scales.residual),
      gate: gate, up: up,
      down: try linear(
        names.layer(index, names.down), outputs: hidden, inputs: intermediate, bias: names.feedForwardBias,
        scale: decoder.scales.residual))
  }

  private func feedForward(_ index: Int) throws(EngineError) -> (gate: Linear?, up: Linear) {
    let (hidden, intermediate, names) = (decoder.hiddenSize, decoder.intermediateSize, decoder.names)
    func linear(_ name: String) throws(EngineError) -> Linear {
      try self.linear(
        names.layer(index, name), outputs: intermediate, inputs: hidden, bias: names.feedForwardBias)
    }
    switch names.feedForward {
    case .plain(let up): return (nil, try linear(up))
    case .gated(let gate, let up): return (try linear(gate), try linear(up))
    case .fused(let name):
      let both = try self.linear(
        names.layer(index, name), outputs: 2 * intermediate, inputs: hidden, bias: names.feedForwardBias)
      return (
        both.outputs(0..<intermediate, name: "\(both.name).gate"),
        both.outputs(intermediate..<2 * intermediate, name: "\(both.name).up")
      )
    }
  }

  private func projection(_ index: Int) throws(EngineError) -> [(linear: Linear, columns: Range<Int>)] {
    let (hidden, names) = (decoder.hiddenSize, decoder.names)
    switch names.projection {
    case .fused(let name):
      let linear = try linear(
        names.layer(index, name), outputs: decoder.projectionSize, inputs: hidden, bias: names.projectionBias)
      return [(linear, 0..<decoder.projectionSize)]
    case .separate(let query, let key, let value):
      var products: [(linear: Linear, columns: Range<Int>)] = []
      var column = 0
      for (name, size) in [(query, decoder.querySize), (key, decoder.keyValueSize), (value, decoder.keyValueSize)] {
        let linear = try linear(
          names.layer(index, name), outputs: size, inputs: hidden, bias: names.projectionBias)
        products.append((linear, column..<column + size))
        column += size
      }
      return products
    }
  }

  /// - Parameter scale: what the bias is multiplied by, where the product's input is as well.
  func linear(
    _ name: String, outputs: Int, inputs: Int, bias: Bool, scale: Float = 1
  ) throws(EngineError) -> Linear {
    let weight = try weights.matrix("\(name).weight", rows: outputs, columns: inputs)
    let bias = bias ? try weights.vector("\(name).bias", count: outputs) : nil
    return Linear(name: name, weight: weight, bias: bias?.map { $0 * scale })
  }

  func norm(_ name: String, count: Int) throws(EngineError) -> Normalization {
    let weight = try weights.vector("\(name).weight", count: count)
    return Normalization(
      kind: decoder.normalization, epsilon: decoder.epsilon, weight: weight.map { $0 + decoder.normOffset },
      bias: decoder.normalization == .layer(bias: true) ? try weights.vector("\(name).bias", count: count) : nil)
  }

  /// A layer's norm, if the family has it.
  private func norm(_ index: Int, _ name: String?, count: Int) throws(EngineError) -> Normalization? {
    guard let name else { return nil }
    return try norm(decoder.names.layer(index, name), count: count)
  }
}
