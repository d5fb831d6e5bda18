/// What a family's checkpoints call their tensors. Names of layers lack their prefix, all lack `.weight`, `.bias`.
package struct TensorNames: Equatable, Sendable {
  /// Products that give queries, keys and values, in this order, or one that gives all.
  package enum Projection: Equatable, Sendable {
    case separate(query: String, key: String, value: String)
    case fused(String)
  }

  /// Products of the feed-forward.
  package enum FeedForward: Equatable, Sendable {
    /// One product before the activation.
    case plain(up: String)
    /// Two, of which the activated first one multiplies the second.
    case gated(gate: String, up: String)
    /// The same two as the first and the second half of one.
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
  var feedForwardNorm: String?
  /// Norms of what attention and feed-forward give, before it joins the residual stream.
  var attentionOutputNorm: String?
  var feedForwardOutputNorm: String?
  var projection: Projection
  let projectionBias: Bool
  /// Norms of each head's query and key, before they are rotated.
  var queryNorm: String?
  var keyNorm: String?
  let attentionOutput: String
  let attentionOutputBias: Bool
  var feedForward: FeedForward
  let down: String
  let feedForwardBias: Bool

  /// The full name, less `.weight` or `.bias`, of a layer's tensor.
  func layer(_ index: Int, _ name: String) -> String { "\(layerPrefix)\(index).\(name)" }
}
