public import KVCacheFormat

// Made once the pass is over, and only read from then on.
/// Keys and values that one pass computed, in single precision.
public final class SegmentStates: @unchecked Sendable {
  /// Shape of the model's states.
  public let shape: KVShape
  /// Number of tokens.
  public let tokens: Int

  private let states: FreshStates
  private let layers: KVLayers

  init(_ states: FreshStates, of layers: KVLayers) {
    self.states = states
    self.layers = layers
    shape = states.shape
    tokens = states.count
  }

  /// Writes one layer as a blob's payload, converted to the layout's element: `tokens` of them, all if `nil`.
  ///
  /// - Precondition: `layout` is for as many tokens, of this shape; `destination` has `layout.byteCount` bytes.
  package func write(
    layer: Int, tokens range: Range<Int>? = nil, layout: KVBlobLayout, into destination: inout MutableRawSpan
  ) throws(EngineError) {
    precondition(layer >= 0 && layer < shape.layers, "layer \(layer) of \(shape.layers)")
    let range = range ?? 0..<tokens
    precondition(range.lowerBound >= 0 && range.upperBound <= tokens, "tokens \(range) of \(tokens)")
    try states.write(layer: layer, tokens: range, layout: layout, into: &destination)
  }

  /// The states as a segment in memory, converted to `element` and laid out as in blobs: to be seen by later tokens, and
  /// to be stored as they are. Layers with a sliding window have the last tokens alone, as `KVLayers` says.
  ///
  /// - Parameters:
  ///   - element: the type of the segment's numbers.
  ///   - range: the tokens to take, all of them if `nil`.
  /// - Precondition: there are those tokens.
  /// - Throws: `EngineError.stateOutOfRange` for a key or value that `element` cannot hold, `.stateNotFinite` for one that
  ///   is infinite or NaN, `.outOfMemory`.
  public func segment(element: KVElement, tokens range: Range<Int>? = nil) throws(EngineError) -> KVSegment {
    let range = range ?? 0..<tokens
    let layout = KVSegmentLayout(layers, element: element, tokens: range.count)
    let blobs = try layout.blobs.enumerated().map { layer, blob throws(EngineError) in
      try KVMemory(byteCount: blob.byteCount) { bytes throws(EngineError) in
        try write(layer: layer, tokens: range.suffix(blob.tokens), layout: blob, into: &bytes)
      }
    }
    return try KVSegment(layers: blobs, layout: layout)
  }
}
