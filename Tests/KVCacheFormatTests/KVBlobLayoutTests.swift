import KVCacheFormat
import Testing

@Suite struct KVBlobLayoutTests {
  /// Worked out by hand for 2 heads of 4 numbers.
  @Test(arguments: [
    (KVElement.f32, 0, 0, 0), (.f32, 1, 256, 1024), (.f32, 16, 256, 1024), (.f32, 17, 512, 2048),
    (.f16, 1, 128, 512), (.f16, 33, 384, 1536), (.q8, 1, 128, 512), (.q8, 32, 192, 768), (.q8, 33, 320, 1280),
  ])
  func sizes(element: KVElement, tokens: Int, head: Int, total: Int) {
    let layout = KVBlobLayout(element: element, shape: KVShape(layers: 9, heads: 2, headDimension: 4), tokens: tokens)
    #expect(layout.headByteCount == head)
    #expect(layout.byteCount == total)
    #expect(layout.checkedByteCount == total)
    #expect((0..<2).map(layout.keyOffset) == [0, head])
    #expect((0..<2).map(layout.valueOffset) == [2 * head, 3 * head])
  }

  @Test(arguments: KVElement.allCases, [2, 6, 64, 80, 128])
  func everyHeadIsAligned(element: KVElement, headDimension: Int) {
    let shape = KVShape(layers: 1, heads: 3, headDimension: headDimension)
    let layout = KVBlobLayout(element: element, shape: shape, tokens: 21)
    for head in 0..<3 {
      #expect(layout.keyOffset(head: head) % KVBlobLayout.alignment == 0)
      #expect(layout.valueOffset(head: head) % KVBlobLayout.alignment == 0)
    }
  }

  /// 16 tokens of 80 numbers: as many bytes, and three scales of two bytes for each.
  @Test func scalesLieBehindTheNumbers() {
    #expect(KVElement.q8.tileByteCount(headDimension: 80) == 16 * 80 + 16 * 3 * 2)
    #expect(KVElement.f16.tileByteCount(headDimension: 80) == 16 * 80 * 2)
  }

  @Test(arguments: [(1, 1, Int.max), (1, 1 << 40, 1 << 30), (1 << 40, 1 << 20, 16), (1 << 31, 1 << 31, 1 << 31)])
  func hugeSidesDoNotTrap(heads: Int, headDimension: Int, tokens: Int) {
    let shape = KVShape(layers: 1, heads: heads, headDimension: headDimension)
    #expect(KVBlobLayout(element: .f32, shape: shape, tokens: tokens).checkedByteCount == nil)
  }

  @Test func codesAreStable() {
    #expect(KVElement.allCases.map { [$0.rawValue: $0.code] } == [["f32": 1], ["f16": 2], ["q8": 3]])
    #expect(KVElement(code: 0) == nil)
    #expect(KVElement(code: 200) == nil)
  }
}
