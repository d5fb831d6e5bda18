/// How the states of one segment are cut into blobs: one for each layer, with what the layer keeps of the tokens.
public struct KVSegmentLayout: Hashable, Sendable {
  /// Layout of a blob that holds all of the segment's tokens.
  public let whole: KVBlobLayout
  /// Layout of each layer's blob. Where it has fewer tokens than the segment, they are the last ones.
  public let blobs: [KVBlobLayout]
  /// Whether each layer has all tokens.
  public let isWhole: Bool

  /// The layout of a segment of `tokens`, of which each layer keeps what it can still see.
  ///
  /// - Precondition: `tokens` is not negative.
  public init(_ layers: KVLayers, element: KVElement, tokens: Int) {
    let whole = KVBlobLayout(element: element, shape: layers.shape, tokens: tokens)
    self.init(
      whole: whole, blobs: (0..<layers.shape.layers).map { whole.dropping(layers.dropped(of: tokens, layer: $0)) })
  }

  /// The layout of a segment whose blobs, one for each layer of the shape, all have `blob`'s.
  public init(_ blob: KVBlobLayout) {
    self.init(whole: blob, blobs: Array(repeating: blob, count: blob.shape.layers))
  }

  private init(whole: KVBlobLayout, blobs: [KVBlobLayout]) {
    self.whole = whole
    self.blobs = blobs
    isWhole = blobs.allSatisfy { $0.tokens == whole.tokens }
  }

  /// Format of each number.
  public var element: KVElement { whole.element }
  /// Shape of the model's states.
  public var shape: KVShape { whole.shape }
  /// Number of tokens of the segment.
  public var tokens: Int { whole.tokens }
  /// Bytes of all blobs.
  public var byteCount: Int { blobs.reduce(0) { $0 + $1.byteCount } }

  /// Number of tokens that the blob of `layer` lacks, from the first one on: a whole number of tiles.
  public func dropped(layer: Int) -> Int { tokens - blobs[layer].tokens }

  /// The layout of a blob of `layer` with so many tokens: as here, or, as it was before layers kept only what they see,
  /// with all of the segment's. Any other number is none of this segment: `nil`.
  public func blob(layer: Int, tokens: Int) -> KVBlobLayout? {
    tokens == blobs[layer].tokens ? blobs[layer] : tokens == whole.tokens ? whole : nil
  }

  /// The same segment in blobs with these numbers of tokens.
  ///
  /// - Precondition: there is one for each layer, which `blob(layer:tokens:)` has a layout for.
  public func holding(_ tokens: [Int]) -> KVSegmentLayout {
    precondition(tokens.count == blobs.count, "\(tokens.count) blobs for \(blobs.count) layers")
    return KVSegmentLayout(
      whole: whole,
      blobs: tokens.enumerated().map { layer, tokens in
        guard let blob = blob(layer: layer, tokens: tokens) else {
          preconditionFailure("layer \(layer) cannot have \(tokens) of \(whole.tokens) tokens")
        }
        return blob
      })
  }
}

extension KVBlobLayout {
  /// The layout without the first `count` tokens.
  fileprivate func dropping(_ count: Int) -> KVBlobLayout {
    count == 0 ? self : KVBlobLayout(element: element, shape: shape, tokens: tokens - count)
  }
}
