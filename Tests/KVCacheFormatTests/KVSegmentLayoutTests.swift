import KVCacheFormat
import Testing

@Suite struct KVSegmentLayoutTests {
  private static let shape = KVShape(layers: 3, heads: 2, headDimension: 8)
  private let layers = KVLayers(shape: shape, windows: [nil, 20, 1])

  /// Whole tiles of what neither a later token nor the last one itself sees.
  @Test(arguments: [
    (0, [0, 0, 0]), (1, [1, 1, 1]), (16, [16, 16, 16]), (17, [17, 17, 1]), (20, [20, 20, 4]), (35, [35, 35, 3]),
    (36, [36, 20, 4]), (37, [37, 21, 5]), (52, [52, 20, 4]), (1000, [1000, 24, 8]),
  ])
  func whatIsKept(tokens: Int, kept: [Int]) {
    let layout = KVSegmentLayout(layers, element: .f16, tokens: tokens)
    #expect(layout.blobs.map(\.tokens) == kept)
    #expect(layout.isWhole == (kept == Array(repeating: tokens, count: 3)))
    #expect((0..<3).map(layout.dropped) == kept.map { tokens - $0 })
    #expect(layout.tokens == tokens && layout.whole.tokens == tokens)
    #expect(layout.byteCount == layout.blobs.map(\.byteCount).reduce(0, +))
  }

  @Test func aWindowOfAnySizeLosesNothingThatIsSeen() {
    for window in 1...40 {
      let layers = KVLayers(shape: KVShape(layers: 1, heads: 1, headDimension: 2), windows: [window])
      for tokens in 0...100 {
        let dropped = layers.dropped(of: tokens, layer: 0)
        #expect(dropped.isMultiple(of: KVBlobLayout.tileTokens) && dropped >= 0)
        // The last token sees `window` tokens, itself among them.
        #expect(tokens - dropped >= min(tokens, window))
        #expect(tokens - dropped < window + KVBlobLayout.tileTokens || dropped == 0)
      }
    }
  }

  @Test func blobsOfBeforeAreTheSegmentsToo() {
    let layout = KVSegmentLayout(layers, element: .q8, tokens: 100)
    #expect(layout.blobs.map(\.tokens) == [100, 20, 4])
    #expect(layout.blob(layer: 1, tokens: 20) == layout.blobs[1])
    #expect(layout.blob(layer: 1, tokens: 100) == layout.whole)
    for tokens in [0, 4, 19, 21, 36, 99, 101] { #expect(layout.blob(layer: 1, tokens: tokens) == nil) }
    #expect(layout.holding([100, 20, 4]) == layout)
    let older = layout.holding([100, 100, 4])
    #expect(older.blobs.map(\.tokens) == [100, 100, 4] && !older.isWhole)
    #expect(layout.holding([100, 100, 100]).isWhole)
  }

  @Test func layersWithoutAWindowKeepAll() {
    let blob = KVBlobLayout(element: .f32, shape: Self.shape, tokens: 70)
    let layout = KVSegmentLayout(KVLayers(shape: Self.shape), element: .f32, tokens: 70)
    #expect(layout == KVSegmentLayout(blob))
    #expect(layout.isWhole && layout.byteCount == 3 * blob.byteCount)
    #expect(layout.element == .f32 && layout.shape == Self.shape)
  }
}
