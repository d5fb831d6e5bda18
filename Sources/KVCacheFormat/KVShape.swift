/// What decides the size of a model's states: layers, key-value heads, and numbers per head.
public struct KVShape: Hashable, Codable, Sendable {
  /// Number of decoder layers.
  public let layers: Int
  /// Number of key-value heads in a layer.
  public let heads: Int
  /// Numbers in a key, and in a value, of one head.
  public let headDimension: Int

  /// A shape.
  ///
  /// - Precondition: each is 1 or more.
  public init(layers: Int, heads: Int, headDimension: Int) {
    precondition(layers > 0 && heads > 0 && headDimension > 0, "a shape has no empty side")
    self.layers = layers
    self.heads = heads
    self.headDimension = headDimension
  }
}
