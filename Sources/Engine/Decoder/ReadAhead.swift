import KVCacheFormat

/// Asks for what the next layers read while one computes, where it is not in memory yet.
struct ReadAhead {
  private let weights: [DecoderWeights.Layer]
  private let segments: [KVSegment]

  /// Layers that are asked for ahead: one being read, one waiting.
  private static let layers = 2

  /// - Parameters:
  ///   - weights: all layers, on a model's first pass; none afterwards.
  ///   - sequences: those that begin with this pass. A segment whose first layer is in memory counts as read before.
  init(weights: [DecoderWeights.Layer], sequences: [SequenceState]) {
    self.weights = weights
    segments = sequences.flatMap(\.attended).map(\.segment).filter { !$0.isResident(layer: 0) }
    for layer in 0..<Self.layers { ask(layer) }
  }

  /// To be called before `layer` is computed.
  func willCompute(layer: Int) { ask(layer + Self.layers) }

  private func ask(_ layer: Int) {
    if weights.indices.contains(layer) {
      for linear in weights[layer].linears { linear.weight.willNeed() }
    }
    for segment in segments where layer < segment.layout.shape.layers { segment.willNeed(layer: layer) }
  }
}
