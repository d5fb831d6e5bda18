import KVCacheFormat

// The sequence that made it writes to it, behind the tokens that it has, until it is a part of a beginning, and nobody
// from then on.
/// Keys and values of some tokens of a sequence in all layers, in single precision and in the layout of blobs, and their
/// positions.
@safe package final class StatePage: @unchecked Sendable {
  let layout: KVBlobLayout
  let positions: UnsafeMutablePointer<Int32>
  private let memory: FloatMemory

  /// Memory for `capacity` tokens.
  ///
  /// - Throws: `EngineError.outOfMemory`.
  init(shape: KVShape, capacity: Int) throws(EngineError) {
    layout = KVBlobLayout(element: .f32, shape: shape, tokens: capacity)
    memory = try FloatMemory(count: shape.layers * layout.byteCount / MemoryLayout<Float>.stride)
    unsafe positions = .allocate(capacity: capacity)
  }

  /// The first `count` tokens of another page.
  ///
  /// - Throws: `EngineError.outOfMemory`.
  convenience init(copying other: StatePage, count: Int, capacity: Int) throws(EngineError) {
    let shape = other.layout.shape
    precondition(count <= min(capacity, other.layout.tokens), "\(count) tokens of \(other.layout.tokens)")
    try self.init(shape: shape, capacity: capacity)
    unsafe positions.update(from: other.positions, count: count)
    let tiles = (count + KVBlobLayout.tileTokens - 1) / KVBlobLayout.tileTokens
    let byteCount = tiles * KVElement.f32.tileByteCount(headDimension: shape.headDimension)
    for layer in 0..<shape.layers {
      for head in 0..<shape.heads {
        unsafe keys(layer: layer, head: head).copyMemory(
          from: other.keys(layer: layer, head: head), byteCount: byteCount)
        unsafe values(layer: layer, head: head).copyMemory(
          from: other.values(layer: layer, head: head), byteCount: byteCount)
      }
    }
  }

  deinit { unsafe positions.deallocate() }

  /// Bytes of keys and values, as if there were as many tokens as there may be.
  package var byteCount: Int { memory.count * MemoryLayout<Float>.stride }

  func keys(layer: Int, head: Int) -> UnsafeMutableRawPointer {
    unsafe UnsafeMutableRawPointer(memory.base) + layer * layout.byteCount + layout.keyOffset(head: head)
  }

  func values(layer: Int, head: Int) -> UnsafeMutableRawPointer {
    unsafe UnsafeMutableRawPointer(memory.base) + layer * layout.byteCount + layout.valueOffset(head: head)
  }
}

/// The states of the first tokens of sequences, for others to go on from that begin with the same.
///
/// They lie in pages, which any number of sequences and beginnings share.
package struct SequenceBeginning: Sendable {
  /// Number of tokens.
  package let count: Int
  /// As many as the layout says.
  package let pages: [StatePage]
  let layout: PageLayout

  /// The first `count` tokens that lie in these pages.
  ///
  /// - Precondition: these are pages of a beginning or several, each with the tokens that `layout.pageRanges(of: count)` has
  ///   in its place.
  package init(_ pages: [StatePage], count: Int, layout: PageLayout = PageLayout()) {
    let ranges = layout.pageRanges(of: count)
    precondition(pages.count == ranges.count, "\(pages.count) pages for \(count) tokens")
    for (page, range) in zip(pages, ranges) {
      precondition(page.layout.tokens >= range.count, "a page of \(page.layout.tokens) tokens for \(range)")
    }
    self.pages = pages
    self.count = count
    self.layout = layout
  }
}
