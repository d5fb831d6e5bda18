import CKernels
import KVCacheFormat

/// Keys and values that passes of this process computed, in single precision and in the layout of blobs.
///
/// They lie in pages, so that a growing sequence moves nothing. Where pages end depends on the number of tokens alone,
/// not on the parts in which they came: attention reads the same runs either way, and rounds the same.
@safe final class FreshStates {
  let shape: KVShape
  let layout: PageLayout
  /// Number of tokens.
  private(set) var count = 0
  private var pages: [StatePage] = []
  /// For each page the number of tokens before it, and the capacity of all at the end.
  private var starts = [0]
  /// Tokens at the beginning whose pages others have too: nothing is written there any more.
  private var shared = 0

  init(shape: KVShape, layout: PageLayout = PageLayout()) {
    self.shape = shape
    self.layout = layout
  }

  /// The first `count` tokens of a beginning: whole pages where they lie, and a copy of the last one's.
  ///
  /// - Precondition: there are these tokens, one or more.
  /// - Throws: `EngineError.outOfMemory`.
  init(_ beginning: SequenceBeginning, count: Int) throws(EngineError) {
    precondition(count > 0 && count <= beginning.count, "\(count) tokens of \(beginning.count)")
    shape = beginning.pages[0].layout.shape
    layout = beginning.layout
    for (page, range) in zip(beginning.pages, layout.pageRanges(of: count)) {
      let capacity = layout.capacity(behind: range.lowerBound)
      if range.count == capacity { shared = range.upperBound }
      pages.append(
        range.count == capacity ? page : try StatePage(copying: page, count: range.count, capacity: capacity))
      starts.append(range.lowerBound + capacity)
    }
    self.count = count
  }

  /// The first `count` tokens, for other sequences to go on from: whole pages where they lie, and a copy of the last one's.
  ///
  /// - Precondition: there are these tokens, one or more.
  /// - Throws: `EngineError.outOfMemory`.
  func beginning(_ count: Int) throws(EngineError) -> SequenceBeginning {
    precondition(count > 0 && count <= self.count, "\(count) tokens of \(self.count)")
    var beginning: [StatePage] = []
    for (page, range) in zip(pages, layout.pageRanges(of: count)) {
      if range.count == page.layout.tokens {
        shared = max(shared, range.upperBound)
        beginning.append(page)
      } else {
        let tile = KVBlobLayout.tileTokens
        let capacity = (range.count + tile - 1) / tile * tile
        beginning.append(try StatePage(copying: page, count: range.count, capacity: capacity))
      }
    }
    return SequenceBeginning(beginning, count: count, layout: layout)
  }

  /// Position of the last token.
  var lastPosition: Int? {
    guard count > 0 else { return nil }
    let (page, slot) = locate(count - 1)
    return unsafe Int(pages[page].positions[slot])
  }

  /// Bytes that the states of `tokens` tokens take at most.
  static func byteCount(tokens: Int, shape: KVShape, layout: PageLayout = PageLayout()) -> Int {
    // Memory is taken as it is written to, and nothing is written behind the last token.
    layout.pageRanges(of: tokens).reduce(0) { bytes, page in
      bytes + shape.layers * KVBlobLayout(element: .f32, shape: shape, tokens: page.count).byteCount
    }
  }

  /// Makes room for `tokens` more.
  ///
  /// - Throws: `EngineError.outOfMemory`; what was there is as before.
  func reserve(_ tokens: Int) throws(EngineError) {
    while count + tokens > starts[pages.count] {
      let capacity = starts[pages.count]
      let page = layout.capacity(behind: capacity)
      pages.append(try StatePage(shape: shape, capacity: page))
      starts.append(capacity + page)
    }
  }

  /// Makes room for tokens at these positions, and counts them. Their states are to be stored next.
  ///
  /// - Throws: `EngineError.outOfMemory`, with no token added.
  func append(positions: some RandomAccessCollection<Int32>) throws(EngineError) {
    try reserve(positions.count)
    for (index, position) in positions.enumerated() {
      let (page, slot) = locate(count + index)
      unsafe pages[page].positions[slot] = position
    }
    count += positions.count
  }

  /// Forgets all but the first `count` tokens.
  func truncate(to count: Int) {
    precondition(count >= shared && count <= self.count, "\(count) tokens of \(self.count), \(shared) of them shared")
    self.count = count
  }

  private func locate(_ token: Int) -> (page: Int, slot: Int) {
    let page = (starts.firstIndex { $0 > token } ?? pages.count) - 1
    return (page, token - starts[page])
  }

  /// Calls `body` for each unbroken part of `tokens` in one page.
  private func forParts(_ tokens: Range<Int>, _ body: (_ page: StatePage, _ slots: Range<Int>, _ offset: Int) -> Void) {
    var token = tokens.lowerBound
    while token < tokens.upperBound {
      let (page, slot) = locate(token)
      let end = min(tokens.upperBound, starts[page + 1])
      body(pages[page], slot..<slot + end - token, token - tokens.lowerBound)
      token = end
    }
  }

  /// Stores one head's keys and values of `tokens`, the first one's at the given addresses, the others `stride`
  /// numbers further each.
  func store(
    layer: Int, head: Int, tokens: Range<Int>, keys: UnsafePointer<Float>, values: UnsafePointer<Float>, stride: Int
  ) {
    precondition(tokens.lowerBound >= shared && tokens.upperBound <= count, "tokens \(tokens) of \(count)")
    forParts(tokens) { page, slots, offset in
      unsafe ck_store_keys(
        ck_f32, shape.headDimension, keys + offset * stride, stride, slots.lowerBound, slots.count,
        page.keys(layer: layer, head: head))
      unsafe ck_store_values(
        ck_f32, shape.headDimension, values + offset * stride, stride, slots.lowerBound, slots.count,
        page.values(layer: layer, head: head))
    }
  }

  /// Runs that the attention kernel reads of the first `tokens` tokens: one a page.
  func runs(of tokens: Int) -> Int { tokens == 0 ? 0 : locate(tokens - 1).page + 1 }

  /// Writes what the attention kernel reads of one head of the first `tokens` tokens to `runs`, which has room for it.
  func writeRuns(layer: Int, head: Int, tokens: Int, to runs: UnsafeMutablePointer<ck_kv_run>) {
    for index in 0..<self.runs(of: tokens) {
      unsafe (runs + index).initialize(to: run(page: index, layer: layer, head: head, tokens: tokens))
    }
  }

  /// The run of one page, of those that the first `tokens` tokens lie in.
  func run(page index: Int, layer: Int, head: Int, tokens: Int) -> ck_kv_run {
    let page = pages[index]
    return unsafe ck_kv_run(
      keys: page.keys(layer: layer, head: head), values: page.values(layer: layer, head: head),
      positions: page.positions, first_position: 0, tokens: Int32(min(tokens, starts[index + 1]) - starts[index]),
      element: ck_f32, variant: 0, dropped: 0, omitted: nil)
  }

  /// What tells a page from all others, and how many of the first `tokens` tokens lie in it.
  func page(_ index: Int, ofFirst tokens: Int) -> (identity: ObjectIdentifier, count: Int) {
    (ObjectIdentifier(pages[index]), min(tokens, starts[index + 1]) - starts[index])
  }

  /// Writes one layer of `tokens` as a blob of `layout`.
  ///
  /// - Precondition: `layout` is for that many tokens of this shape, and `destination` has its size.
  /// - Throws: `EngineError.stateNotFinite`, `.stateOutOfRange` for keys and values that the layout's element cannot hold.
  func write(
    layer: Int, tokens: Range<Int>, layout: KVBlobLayout, into destination: inout MutableRawSpan
  ) throws(EngineError) {
    precondition(layout.tokens == tokens.count && layout.shape == shape, "the layout is another segment's")
    precondition(destination.byteCount == layout.byteCount, "\(destination.byteCount) bytes for \(layout.byteCount)")
    let areFinite = unsafe destination.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return true }
      var areFinite = true
      for head in 0..<shape.heads {
        let keys = unsafe base + layout.keyOffset(head: head)
        let values = unsafe base + layout.valueOffset(head: head)
        forParts(tokens) { page, slots, offset in
          let keysAreFinite = unsafe writeKeys(
            page.keys(layer: layer, head: head), slots: slots, element: layout.element, from: offset, into: keys)
          let source =
            unsafe page.values(layer: layer, head: head).assumingMemoryBound(to: Float.self)
            + slots.lowerBound * shape.headDimension
          var valuesAreFinite = unsafe ck_store_values(
            layout.element.kernelElement, shape.headDimension, source, shape.headDimension, offset, slots.count, values)
          if layout.element == .f32 {
            valuesAreFinite = unsafe ck_is_finite(source, slots.count * shape.headDimension)
          }
          areFinite = areFinite && keysAreFinite && valuesAreFinite
        }
        unsafe ck_zero_tail(layout.element.kernelElement, shape.headDimension, layout.tokens, keys, values)
        let end = layout.tiles * layout.element.tileByteCount(headDimension: shape.headDimension)
        let padding = layout.headByteCount - end
        unsafe (keys + end).initializeMemory(as: UInt8.self, repeating: 0, count: padding)
        unsafe (values + end).initializeMemory(as: UInt8.self, repeating: 0, count: padding)
      }
      return areFinite
    }
    if !areFinite { try explain(layer: layer, tokens: tokens, element: layout.element) }
  }

  /// Finds what cannot be written.
  private func explain(layer: Int, tokens: Range<Int>, element: KVElement) throws(EngineError) {
    let dimension = shape.headDimension
    for part in [EngineError.StatePart.key, .value] {
      var largest: Float = 0
      for head in 0..<shape.heads {
        forParts(tokens) { page, slots, _ in
          let base = unsafe part == .key ? page.keys(layer: layer, head: head) : page.values(layer: layer, head: head)
          let numbers = unsafe base.assumingMemoryBound(to: Float.self)
          for slot in slots {
            let first =
              part == .value
              ? slot * dimension : (slot - slot % KVBlobLayout.tileTokens) * dimension + slot % KVBlobLayout.tileTokens
            let step = part == .value ? 1 : KVBlobLayout.tileTokens
            for index in 0..<dimension {
              let magnitude = unsafe numbers[first + index * step].magnitude
              largest = magnitude.isNaN ? .infinity : max(largest, magnitude)
            }
          }
        }
      }
      guard largest.isFinite else { throw .stateNotFinite(layer: layer, part: part) }
      // Halves round what is nearer to 65,504 down to it.
      if element == .f16, largest >= 65520 {
        throw .stateOutOfRange(layer: layer, part: part, magnitude: largest, element: element)
      }
    }
  }

  /// Writes the keys in `slots` of a page to the tiles at `keys`, from token `offset` on.
  ///
  /// - Returns: whether they are finite; `false` too where others in the last tile are not.
  private func writeKeys(
    _ page: UnsafeMutableRawPointer, slots: Range<Int>, element: KVElement, from offset: Int,
    into keys: UnsafeMutableRawPointer
  ) -> Bool {
    let (tile, dimension) = (KVBlobLayout.tileTokens, shape.headDimension)
    let source = unsafe page.assumingMemoryBound(to: Float.self)
    if element != .q8, slots.lowerBound.isMultiple(of: tile), offset.isMultiple(of: tile) {
      // Tile for tile. What follows the last token in its tile is zeroed, or written next.
      let count = (slots.count + tile - 1) / tile * tile * dimension
      let from = unsafe source + slots.lowerBound * dimension
      let destination = unsafe keys + offset / tile * element.tileByteCount(headDimension: dimension)
      if element == .f16 {
        return unsafe ck_f32_to_f16(from, count, destination.assumingMemoryBound(to: UInt16.self))
      }
      unsafe destination.copyMemory(from: from, byteCount: count * MemoryLayout<Float>.stride)
      return unsafe ck_is_finite(from, count)
    }
    return unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: dimension) { row in
      guard let row = row.baseAddress else { return true }
      var areFinite = true
      for slot in slots {
        let lane = unsafe source + slot / tile * tile * dimension + slot % tile
        for index in 0..<dimension { unsafe row[index] = lane[index * tile] }
        let isStored = unsafe ck_store_keys(
          element.kernelElement, dimension, row, dimension, offset + slot - slots.lowerBound, 1, keys)
        let isFinite = unsafe element == .f32 ? ck_is_finite(row, dimension) : isStored
        areFinite = areFinite && isFinite
      }
      return areFinite
    }
  }
}

extension KVElement {
  var kernelElement: ck_element {
    switch self {
    case .f32: ck_f32
    case .f16: ck_f16
    case .q8: ck_q8
    }
  }
}
