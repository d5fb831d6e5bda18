/// What decides how a model's states are kept: their shape, and how far each layer sees.
public struct KVLayers: Hashable, Sendable {
  /// Layers, key-value heads, and numbers per head.
  public let shape: KVShape
  /// For each layer the number of positions that a token sees, itself the last, or `nil` for all.
  public let windows: [Int?]

  /// The layers of a model of this shape; without `windows`, each sees all.
  ///
  /// - Precondition: there is a window, or `nil`, for each layer, and none is less than 1.
  public init(shape: KVShape, windows: [Int?]? = nil) {
    let windows = windows ?? Array(repeating: nil, count: shape.layers)
    precondition(windows.count == shape.layers, "\(windows.count) windows for \(shape.layers) layers")
    precondition(windows.allSatisfy { ($0 ?? 1) > 0 }, "a window without a position")
    self.shape = shape
    self.windows = windows
  }

  /// Number of tokens of a segment of `tokens` that `layer` does not keep, from the first one on: those that neither a
  /// later token nor the last one itself, computed again, can see, as far as they fill whole tiles.
  ///
  /// Whole tiles, since what is kept then lies in tiles as it would beside the rest: sums come out the same, bit by bit.
  public func dropped(of tokens: Int, layer: Int) -> Int {
    guard let window = windows[layer], tokens > window else { return 0 }
    return (tokens - window) / KVBlobLayout.tileTokens * KVBlobLayout.tileTokens
  }
}
