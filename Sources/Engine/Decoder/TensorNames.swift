/// What a family's checkpoints call their tensors. Names of layers lack their prefix, all lack `.weight`, `.bias`.
package struct TensorNames: Equatable, Sendable {
  /// Products that give queries, keys and values, in this order, or one that gives all.
  package enum Projection: Equatable, Sendable {
    case separate(query: String, key: String, value: String)
    case fused(String)
  }

  let embedding: String
  let finalNorm: String
  /// `nil` where the embedding serves as output too.
  package let output: String?
  /// What precedes the number of a layer.
  let layerPrefix: String

  let attentionNorm: String
  /// `nil` where the feed-forward reads the attention's normalized input.
  let feedForwardNorm: String?
  let projection: Projection
  let projectionBias: Bool
  let attentionOutput: String
  let attentionOutputBias: Bool
  /// The gating product of a gated feed-forward.
  let gate: String?
  let up: String
  let down: String
  let feedForwardBias: Bool

  /// The full name, less `.weight` or `.bias`, of a layer's tensor.
  func layer(_ index: Int, _ name: String) -> String { "\(layerPrefix)\(index).\(name)" }
}
