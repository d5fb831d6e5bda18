import Engine
import KVCacheFormat
import Testing

/// Layers with a sliding window keep the end of a segment; what they keep gives the same bits as all of it.
@Suite struct WindowTests {
  /// A model of the fixtures, with another window.
  private func engine(_ name: String, window: Int) throws -> InferenceEngine {
    let golden = try #require(GoldenCase.all.first { $0.name == name })
    let model = try golden.model()
    let config = golden.config.text
    let own = try #require(config.firstMatch(of: /"sliding_window":\d+/))
    try model.remove("config.json")
    try model.write("config.json", config.replacing(own.0, with: "\"sliding_window\":\(window)"))
    return try model.engine()
  }

  private func positions(_ range: Range<Int>) -> [Int32] { range.map { Int32($0) } }
  private func tokens(_ count: Int) -> [Int32] { (0..<count).map { Int32(3 + $0 * 13 % 60) } }

  @Test(arguments: GoldenCase.all.filter { !$0.segments.isEmpty }, KVElement.allCases)
  func goldenScenesGiveTheSameBits(golden: GoldenCase, element: KVElement) throws {
    let engine = try golden.model().engine()
    func logits(_ segments: [AttendedSegment]) throws -> [[Float]] {
      let sequence = SequenceState(attending: segments, isExtended: golden.isExtended(engine))
      let logits = try engine.forward(
        tokens: golden.tokens, positions: golden.positions, sequence: sequence, logits: .all)
      return (0..<logits.rows).map(logits.row)
    }
    let kept = try golden.encodeSegments(engine, element: element)
    let whole = try golden.encodeSegments(engine, element: element) { try $0.wholeSegment(element: element) }
    #expect(whole.allSatisfy { $0.segment.layout.isWhole })
    #expect(kept.contains { !$0.segment.layout.isWhole } == golden.name.contains("long segments"))
    #expect(try logits(kept) == logits(whole))
  }

  @Test(arguments: ["mistral, window", "gemma2, plain", "gemma3, plain"], KVElement.allCases)
  func whatIsKeptAreTheLastTilesOfAll(name: String, element: KVElement) throws {
    let engine = try engine(name, window: 50)
    let states = try engine.encode(tokens: tokens(200), positions: positions(0..<200), context: [])
    let (kept, whole) = (try states.segment(element: element), try states.wholeSegment(element: element))
    let dimension = engine.kvShape.headDimension
    for (layer, blob) in kept.layout.blobs.enumerated() {
      let window = engine.configuration.kvLayers.windows[layer]
      #expect(blob.tokens == (window == nil ? 200 : 56))
      let (some, all) = (kept.bytes(layer: layer), whole.bytes(layer: layer))
      let count = blob.tiles * element.tileByteCount(headDimension: dimension)
      let skipped = kept.layout.dropped(layer: layer) / 16 * element.tileByteCount(headDimension: dimension)
      for head in 0..<engine.kvShape.heads {
        for (left, right) in [
          (blob.keyOffset(head: head), whole.layout.whole.keyOffset(head: head)),
          (blob.valueOffset(head: head), whole.layout.whole.valueOffset(head: head)),
        ] {
          #expect(some[left..<left + count].elementsEqual(all[right + skipped..<right + skipped + count]))
        }
      }
    }
  }

  /// Segments of many blocks, cut at every place of a tile and a block; few and many rows; parts; moved places.
  @Test(arguments: ["mistral, window", "gemma2, plain", "gemma3, plain"], [1, 7, 64, 100, 333])
  func longSegmentsGiveTheSameBits(name: String, window: Int) throws {
    let engine = try engine(name, window: window)
    for (element, lengths) in [
      (KVElement.f32, [700, 130, 401]), (.f16, [65, 1100, 200, 17]), (.q8, [129, 128, 511, 640]),
    ] {
      func logits(_ segment: (SegmentStates) throws -> KVSegment) throws -> [[Float]] {
        var place = 0
        var attended: [AttendedSegment] = []
        for (index, length) in lengths.enumerated() {
          // The second one is made elsewhere; each sees the ones before it.
          let isMoved = index == 1
          let start = isMoved ? 0 : place
          let states = try engine.encode(
            tokens: tokens(length), positions: positions(start..<start + length), context: isMoved ? [] : attended)
          attended.append(AttendedSegment(try segment(states), place: place, encodedAt: start))
          place += length + (index == 0 ? 5 : 0)
        }
        var rows: [[Float]] = []
        for (count, gap) in [(1, 0), (1, window - 1), (9, 0), (64, 3), (300, 0)] {
          let begin = place + gap
          let logits = try engine.forward(
            tokens: tokens(count), positions: positions(begin..<begin + count),
            sequence: SequenceState(attending: attended), logits: .all)
          rows += (0..<logits.rows).map(logits.row)
        }
        // The last present token computed again, and then an answer.
        let last = attended.removeLast()
        attended.append(
          AttendedSegment(
            last.segment, place: last.place, encodedAt: last.encodedAt, count: last.segment.layout.tokens - 1))
        let sequence = SequenceState(attending: attended)
        for position in place - 1..<place + 3 {
          rows.append(
            try engine.forward(tokens: [9], positions: [Int32(position)], sequence: sequence, logits: .last).row(0))
        }
        return rows
      }
      let kept = try logits { states in
        let segment = try states.segment(element: element)
        #expect(segment.layout.isWhole == (states.tokens < window + 16))
        return segment
      }
      #expect(try kept == logits { try $0.wholeSegment(element: element) }, "\(element), \(lengths)")
    }
  }

  /// Layers of older and newer blobs may stand side by side.
  @Test func blobsOfBothKindsGiveTheSameBits() throws {
    let engine = try engine("gemma3, plain", window: 40)
    let states = try engine.encode(tokens: tokens(500), positions: positions(0..<500), context: [])
    let (kept, whole) = (try states.segment(element: .f16), try states.wholeSegment(element: .f16))
    func logits(_ segment: KVSegment) throws -> [Float] {
      try engine.forward(
        tokens: tokens(70), positions: positions(500..<570),
        sequence: SequenceState(attending: [AttendedSegment(segment, place: 0)]), logits: .last
      ).row(0)
    }
    let mixed = (0..<engine.kvShape.layers).map { $0 % 3 == 0 ? whole : kept }
    let segment = try KVSegment(
      layers: mixed.enumerated().map { layer, segment in try segment.memory(layer: layer) },
      layout: kept.layout.holding(mixed.enumerated().map { $1.layout.blobs[$0].tokens }))
    #expect(!segment.layout.isWhole && segment.layout != kept.layout)
    #expect(try logits(segment) == logits(whole))
    #expect(try logits(kept) == logits(whole))
  }

  @Test func tokensThatWouldMissSomethingAreRefused() throws {
    let engine = try engine("gemma2, plain", window: 20)
    let layer = try #require(engine.configuration.kvLayers.windows.firstIndex(of: 20))
    let states = try engine.encode(tokens: tokens(100), positions: positions(0..<100), context: [])
    let segment = try states.segment(element: .f16)
    #expect(segment.layout.dropped(layer: layer) == 80)
    func error(_ positions: [Int32], count: Int? = nil, of segment: KVSegment) -> EngineError? {
      do throws(EngineError) {
        let seen = AttendedSegment(segment, place: 200, encodedAt: 0, count: count)
        let logits = try engine.forward(
          tokens: tokens(positions.count), positions: positions, sequence: SequenceState(attending: [seen]),
          logits: .last)
        #expect(logits.row(0).allSatisfy { $0.isFinite })
        return nil
      } catch {
        return error
      }
    }
    // The last token again, or any later one, and any before the segment, whatever they see of each other.
    for positions in [[299], [300], [301, 400], [0, 199], [5, 199, 299, 300]] as [[Int32]] {
      #expect(error(positions, count: 99, of: segment) == nil)
    }
    #expect(error([0], count: 3, of: segment) == nil)
    for (positions, count) in [([298], 98), ([200], 1), ([5, 199, 250, 320], 50)] as [([Int32], Int)] {
      let position = Int(positions.first { $0 >= 200 } ?? 0)
      #expect(error(positions, count: count, of: segment) == .stateNotKept(layer: layer, position: position))
      #expect(error(positions, count: count, of: try states.wholeSegment(element: .f16)) == nil)
    }
    // A layer that sees all must have all.
    let other = KVLayers(shape: engine.kvShape, windows: Array(repeating: 20, count: engine.kvShape.layers))
    let short = KVSegmentLayout(other, element: .f16, tokens: 100)
    let blobs = try short.blobs.map { try KVMemory(byteCount: $0.byteCount) { _ in } }
    #expect(
      error([300], of: try KVSegment(layers: blobs, layout: short))
        == .stateNotKept(layer: try #require(engine.configuration.kvLayers.windows.firstIndex(of: nil)), position: 300))
  }
}

extension SegmentStates {
  /// All tokens in each layer, as segments were before layers with a window kept only what they see.
  fileprivate func wholeSegment(element: KVElement) throws -> KVSegment {
    let layout = KVBlobLayout(element: element, shape: shape, tokens: tokens)
    let blobs = try (0..<shape.layers).map { layer in
      try KVMemory(byteCount: layout.byteCount) { bytes throws(EngineError) in
        try write(layer: layer, layout: layout, into: &bytes)
      }
    }
    return try KVSegment(layers: blobs, layout: KVSegmentLayout(layout))
  }
}

extension KVSegment {
  /// A copy of a layer's blob.
  fileprivate func memory(layer: Int) throws -> KVMemory {
    try KVMemory(byteCount: layout.blobs[layer].byteCount) { copy(layer: layer, into: &$0) }
  }

  fileprivate func bytes(layer: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: layout.blobs[layer].byteCount)
    var numbers = bytes.mutableSpan
    var span = unsafe numbers.mutableBytes
    copy(layer: layer, into: &span)
    return bytes
  }
}
