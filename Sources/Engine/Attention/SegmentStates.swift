public import KVCacheFormat

// Made once the pass is over, and only read from then on.
/// Keys and values that one pass computed, in single precision.
public final class SegmentStates: @unchecked Sendable {
  /// Shape of the model's states.
  public let shape: KVShape
  /// Number of tokens.
  public let tokens: Int

  private let states: FreshStates

  init(_ states: FreshStates) {
    self.states = states
    shape = states.shape
    tokens = states.count
  }

  /// Writes one layer as a blob's payload, converted to the layout's element.
  ///
  /// - Parameter layout: where keys and values go in the payload.
  /// - Parameter layer: the layer, from 0.
  /// - Parameter destination: the payload.
  /// - Parameter range: the tokens to write, all of them if `nil`.
  /// - Precondition: `layout` is for as many tokens, of this shape; `destination` has `layout.byteCount` bytes.
  public func write(
    layer: Int, tokens range: Range<Int>? = nil, layout: KVBlobLayout, into destination: inout MutableRawSpan
  ) {
    precondition(layer >= 0 && layer < shape.layers, "layer \(layer) of \(shape.layers)")
    let range = range ?? 0..<tokens
    precondition(range.lowerBound >= 0 && range.upperBound <= tokens, "tokens \(range) of \(tokens)")
    states.write(layer: layer, tokens: range, layout: layout, into: &destination)
  }

  /// The states as a segment in memory, for use without a store.
  ///
  /// - Throws: `EngineError.outOfMemory`.
  public func segment(element: KVElement, tokens range: Range<Int>? = nil) throws(EngineError) -> KVSegment {
    let range = range ?? 0..<tokens
    let layout = KVBlobLayout(element: element, shape: shape, tokens: range.count)
    let layers = try (0..<shape.layers).map { layer throws(EngineError) in
      try KVMemory(byteCount: layout.byteCount) { bytes in
        write(layer: layer, tokens: range, layout: layout, into: &bytes)
      }
    }
    return try KVSegment(layers: layers, layout: layout)
  }
}
