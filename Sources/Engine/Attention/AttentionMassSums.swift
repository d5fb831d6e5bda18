import KVCacheFormat

// Written to by one pass at a time, whose tasks write to disjoint parts, and only read once the passes are over.
/// What a measuring pass adds up: (ranges of rows, layers, segments, heads, tokens of the segment in whole tiles).
@safe final class AttentionMassSums: @unchecked Sendable {
  /// Layers that are measured, rising.
  let layers: [Int]
  /// Ranges of the input's tokens whose attention is summed up, each for itself.
  let rows: [Range<Int>]
  let heads: Int
  /// Number of tokens seen of each segment.
  let tokens: [Int]
  let memory: FloatMemory

  /// For each segment the tokens before it, in whole tiles, and those of all at the end.
  private let starts: [Int]

  /// - Throws: `EngineError.outOfMemory`.
  init(of attended: [AttendedSegment], layers: [Int], rows: [Range<Int>], heads: Int) throws(EngineError) {
    self.layers = layers
    self.rows = rows
    self.heads = heads
    tokens = attended.map(\.count)
    let tile = KVBlobLayout.tileTokens
    starts = tokens.reduce(into: [0]) { $0.append($0[$0.count - 1] + ($1 + tile - 1) / tile * tile) }
    memory = try FloatMemory(count: rows.count * layers.count * heads * starts[tokens.count])
  }

  /// The layer behind the last one that is measured: none from there on is computed.
  var endLayer: Int { (layers.last ?? -1) + 1 }

  /// Numbers from one head's tokens of a segment to the next one's.
  func stride(segment: Int) -> Int { starts[segment + 1] - starts[segment] }

  /// Where the tokens of a segment begin.
  ///
  /// - Precondition: the layer is measured, and there are the others.
  func offset(rows: Int, layer: Int, head: Int, segment: Int) -> Int {
    guard let index = layers.firstIndex(of: layer) else { preconditionFailure("layer \(layer) is not measured") }
    precondition(self.rows.indices.contains(rows) && head >= 0 && head < heads, "rows \(rows), head \(head)")
    let before = (rows * layers.count + index) * heads * starts[tokens.count]
    return before + heads * starts[segment] + head * stride(segment: segment)
  }

  /// Where a task adds up what it finds, from `token` of a segment on.
  func pointer(rows: Int, layer: Int, head: Int, segment: Int, token: Int) -> UnsafeMutablePointer<Float> {
    let first = offset(rows: rows, layer: layer, head: head, segment: segment) + token
    precondition(first >= 0 && first < memory.count, "number \(first) of \(memory.count)")
    return unsafe memory.base + first
  }
}
