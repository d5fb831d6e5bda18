import CKernels
public import Engine
import FileSystem
import Foundation
import KVCacheFormat
import Testing

/// Memory that a test can look at and change behind the segment's back.
@safe private final class Blob: KVBlobOwner, @unchecked Sendable {
  let bytes: UnsafeMutableRawBufferPointer
  let skipped: Int

  init(byteCount: Int, skipping skipped: Int = 0) {
    unsafe bytes = .allocate(byteCount: byteCount + skipped, alignment: 64)
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
    self.skipped = skipped
  }

  deinit { unsafe bytes.deallocate() }

  var payload: RawSpan {
    @_lifetime(borrow self) get {
      let span = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: bytes[skipped...]))
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }
}

extension FileBytes: KVBlobOwner {
  /// The whole file.
  public var payload: RawSpan {
    @_lifetime(borrow self) get { bytes }
  }
}

@Suite struct KVSegmentTests {
  private let shape = KVShape(layers: 2, heads: 2, headDimension: 16)
  private var layout: KVBlobLayout { KVBlobLayout(element: .f16, shape: shape, tokens: 20) }

  @Test func moreMemoryThanThereIsIsRefused() {
    let byteCount = 1 << 47
    #expect(throws: EngineError.outOfMemory(byteCount: byteCount)) { try KVMemory(byteCount: byteCount) { _ in } }
  }

  @Test func theKernelIsGivenTheBlobsOwnAddresses() throws {
    let blobs = (0..<2).map { _ in Blob(byteCount: layout.byteCount) }
    let segment = try KVSegment(layers: blobs, layout: KVSegmentLayout(layout))
    for (layer, blob) in blobs.enumerated() {
      let base = unsafe Int(bitPattern: blob.bytes.baseAddress)
      for head in 0..<2 {
        let keys = unsafe Int(bitPattern: segment.keys(layer: layer, head: head))
        let values = unsafe Int(bitPattern: segment.values(layer: layer, head: head))
        #expect(keys == base + layout.keyOffset(head: head))
        #expect(values == base + layout.valueOffset(head: head))
      }
    }
  }

  @Test func aPassReadsTheMemoryAsItIsThen() throws {
    let golden = try #require(GoldenCase.all.first { $0.name == "llama, plain" })
    let model = try golden.model()
    let engine = try model.engine()
    let layout = KVBlobLayout(element: .f32, shape: engine.kvShape, tokens: 20)
    let blobs = (0..<engine.kvShape.layers).map { _ in Blob(byteCount: layout.byteCount) }
    let seen = AttendedSegment(try KVSegment(layers: blobs, layout: KVSegmentLayout(layout)), place: 0)
    func logits() throws -> [Float] {
      try engine.forward(
        tokens: [5], positions: [20], sequence: SequenceState(attending: [seen]), logits: .last
      ).row(0)
    }
    let zero = try logits()
    let states = try engine.encode(tokens: (0..<20).map { Int32($0 + 3) }, positions: (0..<20).map { $0 }, context: [])
    for (layer, blob) in blobs.enumerated() {
      var bytes = unsafe MutableRawSpan(_unsafeBytes: blob.bytes)
      try states.write(layer: layer, layout: layout, into: &bytes)
    }
    let there = try logits()
    #expect(there != zero)
    let copied = AttendedSegment(try states.segment(element: .f32), place: 0)
    #expect(
      try engine.forward(tokens: [5], positions: [20], sequence: SequenceState(attending: [copied]), logits: .last)
        .row(0) == there)
  }

  @Test func whatIsNotInMemoryIsAskedForAhead() throws {
    let model = try ModelDirectory()
    let shape = KVShape(layers: 1, heads: 4, headDimension: 64)
    let layout = KVBlobLayout(element: .f32, shape: shape, tokens: 256)
    try model.write("blob", Array(repeating: 1, count: layout.byteCount))
    let path = model.path + "/blob"
    #expect(evict(path))
    let segment = try KVSegment(layers: [try FileBytes(mapping: FilePath(path))], layout: KVSegmentLayout(layout))
    // A file system in memory has nothing to evict.
    guard !segment.isResident(layer: 0) else { return }
    segment.willNeed(layer: 0)
    let deadline = ContinuousClock.now + .seconds(10)
    while !segment.isResident(layer: 0), ContinuousClock.now < deadline { usleep(1000) }
    #expect(segment.isResident(layer: 0))
  }

  /// Drops what the page cache holds of a file.
  private func evict(_ path: String) -> Bool {
    let descriptor = unsafe open(path, O_RDONLY)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return fsync(descriptor) == 0 && posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) == 0
  }

  @Test(arguments: KVElement.allCases, [2, 16, 40, 64, 128, 256])
  func theKernelsTilesAreTheLayouts(element: KVElement, headDimension: Int) {
    let kernelElement = [KVElement.f32: ck_f32, .f16: ck_f16, .q8: ck_q8][element]
    #expect(
      kernelElement.map { ck_kv_tile_bytes($0, headDimension) } == element.tileByteCount(headDimension: headDimension))
  }

  @Test func theLastTilesTailIsZero() throws {
    let golden = try #require(GoldenCase.all.first { $0.name == "llama, plain" })
    let engine = try golden.model().engine()
    let layout = KVBlobLayout(element: .f16, shape: engine.kvShape, tokens: 3)
    let states = try engine.encode(tokens: [5, 6, 7, 8], positions: [0, 1, 2, 3], context: [])
    let blob = Blob(byteCount: layout.byteCount)
    unsafe blob.bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
    var bytes = unsafe MutableRawSpan(_unsafeBytes: blob.bytes)
    try states.write(layer: 1, tokens: 1..<4, layout: layout, into: &bytes)
    let dimension = engine.kvShape.headDimension
    for head in 0..<engine.kvShape.heads {
      for index in 0..<16 * dimension {
        let key = unsafe blob.bytes.load(fromByteOffset: layout.keyOffset(head: head) + 2 * index, as: UInt16.self)
        let value = unsafe blob.bytes.load(
          fromByteOffset: layout.valueOffset(head: head) + 2 * index, as: UInt16.self)
        #expect((key != 0) == (index % 16 < 3))
        #expect((value != 0) == (index / dimension < 3))
      }
    }
  }

  @Test(arguments: KVElement.allCases)
  func everyByteOfABlobIsWritten(element: KVElement) throws {
    // One of the fixtures has heads of 8 numbers, whose tiles do not fill whole alignments.
    let golden = try #require(GoldenCase.all.first { $0.name == "falcon, new decoder" })
    let engine = try golden.model().engine()
    let states = try engine.encode(tokens: [5, 6, 7, 8], positions: [0, 1, 2, 3], context: [])
    func bytes(over filler: UInt8) throws -> [UInt8] {
      let layout = KVBlobLayout(element: element, shape: engine.kvShape, tokens: 3)
      var bytes = [UInt8](repeating: filler, count: layout.byteCount)
      var numbers = bytes.mutableSpan
      var span = unsafe numbers.mutableBytes
      try states.write(layer: 1, tokens: 1..<4, layout: layout, into: &span)
      return bytes
    }
    #expect(try bytes(over: 0xFF) == bytes(over: 0))
  }

  @Test func blobsOfAnotherSizeNumberOrAlignmentAreRefused() throws {
    let size = layout.byteCount
    #expect(throws: EngineError.wrongLayerCount(expected: 2, found: 1)) {
      try KVSegment(layers: [Blob(byteCount: size)], layout: KVSegmentLayout(layout))
    }
    #expect(throws: EngineError.wrongBlobSize(layer: 1, expectedBytes: size, foundBytes: size - 64)) {
      try KVSegment(layers: [Blob(byteCount: size), Blob(byteCount: size - 64)], layout: KVSegmentLayout(layout))
    }
    #expect(throws: EngineError.misalignedBlob(layer: 0, alignment: 64)) {
      try KVSegment(
        layers: [Blob(byteCount: size, skipping: 16), Blob(byteCount: size)], layout: KVSegmentLayout(layout))
    }
  }

  @Test func aSegmentWithoutTokensIsSeenAsNothing() throws {
    let golden = try #require(GoldenCase.all.first { $0.name == "llama, plain" })
    let engine = try golden.model().engine()
    let states = try engine.encode(tokens: [5], positions: [0], context: [])
    let empty = AttendedSegment(try states.segment(element: .f16, tokens: 0..<0), place: 0)
    let found = try engine.forward(
      tokens: [4], positions: [1], sequence: SequenceState(attending: [empty]), logits: .last)
    let expected = try engine.forward(tokens: [4], positions: [1], sequence: SequenceState(), logits: .last)
    #expect(found.row(0) == expected.row(0))
  }
}
