import ContentHash
import Foundation
import KVCacheFormat
import Store
import StoreTestSupport
import TestSupport
import Testing

@Suite struct BlobTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("store") }

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [KVElement.f16, .f32], [0, 1, 16, 17, 1000])
  func roundTrip(element: KVElement, tokens: Int) throws {
    let store = try StateStore(at: path)
    let key = Sample.key("a", layer: 2, element)
    try store.write { (batch) throws(StoreError) in try batch.putSample(key, tokens: tokens) }
    let blob = try #require(try store.snapshot().blob(key, expecting: Sample.layout(tokens, element)))
    #expect(blob.isSample(key))
    #expect(blob.address % 64 == 0)
  }

  @Test func absentBlob() throws {
    let store = try StateStore(at: path)
    let snapshot = try store.snapshot()
    #expect(try snapshot.contains(Sample.key("a")) == false)
    #expect(try snapshot.blob(Sample.key("a"), expecting: Sample.layout(1)) == nil)
  }

  @Test func manyBlobsStayApart() throws {
    let store = try StateStore(at: path)
    let keys = (0..<40).flatMap { encoding in (0..<3).map { Sample.key("e\(encoding)", layer: $0) } }
    try store.write { (batch) throws(StoreError) in
      for key in keys { try batch.putSample(key, tokens: 1 + key.layer * 20) }
      for key in keys { #expect(try batch.contains(key)) }
    }
    let snapshot = try store.snapshot()
    for key in keys {
      let blob = try #require(try snapshot.blob(key, expecting: Sample.layout(1 + key.layer * 20)))
      #expect(blob.isSample(key))
      #expect(blob.address % 64 == 0)
    }
  }

  /// The memory is the map's: two readings of a blob, in two snapshots, are the same bytes at one address.
  @Test func lendsWithoutCopy() throws {
    let store = try StateStore(at: path)
    let key = Sample.key("a")
    try store.write { (batch) throws(StoreError) in try batch.putSample(key, tokens: 300) }
    let first = try #require(try store.snapshot().blob(key, expecting: Sample.layout(300)))
    let second = try #require(try StateStore(at: path).snapshot().blob(key, expecting: Sample.layout(300)))
    #expect(first.address == second.address)
  }

  /// A blob outlives the snapshot's and the store's last other reference, and what is written after.
  @Test func blobKeepsItsSnapshot() throws {
    let key = Sample.key("a")
    var store: StateStore? = try StateStore(at: path)
    try store?.write { (batch) throws(StoreError) in try batch.putSample(key, tokens: 100) }
    let blob = try #require(try store?.snapshot().blob(key, expecting: Sample.layout(100)))
    for _ in 0..<20 {
      try store?.write { (batch) throws(StoreError) in
        try batch.put(key, layout: Sample.layout(100)) { _ in }
      }
    }
    store = nil
    #expect(blob.isSample(key))
  }

  /// What the disk alone has comes without anybody reading it.
  @Test func whatIsAskedForComes() throws {
    let (tokens, layers) = (20_000, 3)
    let keys = (0..<layers).map { Sample.key("a", layer: $0) }
    try StateStore(at: path).write { (batch) throws(StoreError) in
      for key in keys { try batch.putSample(key, tokens: tokens) }
    }
    try forgetPages(of: path + "/data.mdb")
    let snapshot = try StateStore(at: path, options: StoreOptions(verifyOnFirstUse: false)).snapshot()
    #expect(try snapshot.prefetch(keys[0].encodingKey, layers: layers))
    let blobs = try keys.map { try #require(try snapshot.blob($0, expecting: Sample.layout(tokens))) }
    #expect(blobs[0].layout.byteCount > 1 << 20)
    for _ in 0..<2000 where !blobs.allSatisfy(\.isResident) { usleep(10_000) }
    #expect(!blobs.contains { !$0.isResident })
    for (blob, key) in zip(blobs, keys) { #expect(blob.isSample(key)) }
    #expect(try !snapshot.prefetch(Sample.key("b").encodingKey, layers: 1))
  }

  /// Takes a file out of memory, where its file system can.
  private func forgetPages(of path: String) throws {
    let file = try FileHandle(forReadingFrom: URL(filePath: path))
    #expect(fsync(file.fileDescriptor) == 0)
    #expect(posix_fadvise(file.fileDescriptor, 0, 0, POSIX_FADV_DONTNEED) == 0)
    try file.close()
  }

  @Test func wrongExpectations() throws {
    let store = try StateStore(at: path)
    let key = Sample.key("a")
    try store.write { (batch) throws(StoreError) in try batch.putSample(key, tokens: 20) }
    let snapshot = try store.snapshot()
    func defect(_ layout: KVBlobLayout) -> BlobDefect? {
      do throws(StoreError) {
        _ = try snapshot.blob(key, expecting: layout)
        return nil
      } catch {
        guard case .unusableBlob(key, let defect) = error else { return nil }
        return defect
      }
    }
    #expect(defect(Sample.layout(20)) == nil)
    #expect(defect(Sample.layout(20, .f32)) == .otherElement(found: 2, expected: 1))
    guard case .otherShape(let found, let expected) = defect(Sample.layout(21)) else {
      Issue.record("another number of tokens is not refused")
      return
    }
    #expect((found.tokens, expected.tokens) == (20, 21))
    for shape in [KVShape(layers: 3, heads: 1, headDimension: 16), KVShape(layers: 3, heads: 2, headDimension: 4)] {
      guard case .otherShape = defect(KVBlobLayout(element: .f16, shape: shape, tokens: 20)) else {
        Issue.record("\(shape) is not refused")
        continue
      }
    }
  }

  /// A layer with a window has what it keeps, or all, as it was written before; anything else is another segment's.
  @Test func layersMayKeepTheLastTokens() throws {
    let store = try StateStore(at: path)
    let expected = KVSegmentLayout(
      KVLayers(shape: Sample.shape, windows: [nil, 20, 20]), element: .f16, tokens: 100)
    #expect(expected.blobs.map(\.tokens) == [100, 20, 20])
    func put(_ encoding: String, _ tokens: [Int]) throws {
      try store.write { (batch) throws(StoreError) in
        for (layer, tokens) in tokens.enumerated() {
          try batch.putSample(Sample.key(encoding, layer: layer), tokens: tokens)
        }
      }
    }
    for (encoding, tokens) in [("new", [100, 20, 20]), ("old", [100, 100, 100]), ("mixed", [100, 20, 100])] {
      try put(encoding, tokens)
      let key = Sample.key(encoding).encodingKey
      let blobs = try #require(try store.snapshot().blobs(of: key, expecting: expected))
      #expect(blobs.map(\.layout.tokens) == tokens)
      for (layer, blob) in blobs.enumerated() { #expect(blob.isSample(Sample.key(encoding, layer: layer))) }
    }
    for (layer, tokens) in [[20, 20, 20], [100, 36, 20], [100, 20, 19], [100, 20, 116], [100, 20, 0]].enumerated() {
      try put("\(layer)", tokens)
      let key = Sample.key("\(layer)").encodingKey
      #expect {
        try store.snapshot().blobs(of: key, expecting: expected)
      } throws: {
        guard case StoreError.unusableBlob(_, .otherShape(let found, let expected)) = $0 else { return false }
        return tokens.contains(found.tokens) && [100, 20].contains(expected.tokens)
      }
    }
    // What another program would expect, which knows of no windows.
    #expect(throws: StoreError.self) {
      try store.snapshot().blobs(of: Sample.key("new").encodingKey, expecting: KVSegmentLayout(Sample.layout(100)))
    }
    #expect(try store.verify().isSound)
  }

  @Test func replacedBlobIsTheNewOne() throws {
    let store = try StateStore(at: path)
    let key = Sample.key("a")
    try store.write { (batch) throws(StoreError) in try batch.put(key, layout: Sample.layout(5)) { _ in } }
    let before = try store.snapshot()
    try store.write { (batch) throws(StoreError) in try batch.putSample(key, tokens: 50) }
    #expect(try store.snapshot().blob(key, expecting: Sample.layout(50))?.isSample(key) == true)
    #expect(try before.blob(key, expecting: Sample.layout(5))?.isSample(key) == false)
  }

  @Test func unwrittenPayloadIsZero() throws {
    let store = try StateStore(at: path)
    let key = Sample.key("a")
    try store.write { (batch) throws(StoreError) in try batch.put(key, layout: Sample.layout(100)) { _ in } }
    let blob = try #require(try store.snapshot().blob(key, expecting: Sample.layout(100)))
    #expect(blob.bytes.allSatisfy { $0 == 0 })
  }

  @Test func tooLarge() throws {
    let store = try StateStore(at: path)
    for tokens in [1 << 26, 1 << 40, Int.max] {
      #expect {
        try store.write { (batch) throws(StoreError) in
          try batch.put(Sample.key("a"), layout: Sample.layout(tokens)) { _ in Issue.record("asked to fill it") }
        }
      } throws: {
        guard case StoreError.blobTooLarge = $0 else { return false }
        return true
      }
    }
    #expect(try store.snapshot().contains(Sample.key("a")) == false)
  }
}
