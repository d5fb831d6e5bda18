import ContentHash
import Foundation
import KVCacheFormat
import StoreTestSupport
import TestSupport
import Testing

@testable import Store

/// A store in which records say what no program writes, with checksums that are right.
@Suite struct HostileRecordTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func filled() throws -> StateStore {
    let store = try StateStore(at: folder.path("store"))
    try store.write { (batch) throws(StoreError) in try batch.recordSample("s", "mine", encodings: ["a"]) }
    return store
  }

  /// Puts a record with this body.
  private func put(
    _ body: [UInt8], at key: [UInt8], in table: Table.Name, of store: StateStore
  ) throws {
    try store.write { (batch) throws(StoreError) in
      let record = unsafe Record.sealed(body, key: key.span.bytes)
      guard let table = batch.tables[table] else { return }
      try unsafe batch.transaction.put(record.span.bytes, at: key.span.bytes, in: table)
    }
  }

  @Test(arguments: [0, UInt64.max, 1 << 63 - 1, 1 << 53 + 1] as [UInt64]) func numbersOfVersions(number: UInt64) throws
  {
    let store = try filled()
    let version = HostileExport.Version(number: number)
    let key = VersionKey(store.namespace, model: Sample.model, schema: "s").bytes
    try put(version.record, at: key + HostileExport.number(number.byteSwapped, 8), in: .versions, of: store)
    #expect(try store.verify().damage.map(\.table) == ["versions"])
    // Nobody goes by it, and nothing is freed for it.
    #expect(throws: StoreError.self) { try store.collectGarbage(GarbagePolicy(keep: 1)) }
    #expect(throws: StoreError.self) { try store.snapshot().versions() }
    let next = try store.write { (batch) throws(StoreError) in try batch.recordSample("s", "next", encodings: ["a"]) }
    #expect(next.number == 2)
    // Below the newest one nothing looks; salvaging leaves it out.
    guard number > 0 else { return }
    #expect(try store.verify().isSound)
    #expect(try store.snapshot().versions().map(\.number) == [1, 2])
  }

  @Test func versionsUnderOtherKeys() throws {
    let store = try filled()
    let key = VersionKey(store.namespace, model: Sample.model, schema: "t").bytes
    try put(HostileExport.Version().record, at: key + [0, 0, 0, 0, 0, 0, 0, 1], in: .versions, of: store)
    #expect(try store.verify().damage.map(\.table) == ["versions"])
  }

  @Test(arguments: [UInt64.max, 1 << 63 - 1, 1 << 53 + 1, 1 << 63] as [UInt64]) func sumsOfNamespaces(
    sum: UInt64
  ) throws {
    for (blobs, byteCount) in [(sum, 1), (1, sum), (sum, sum)] as [(UInt64, UInt64)] {
      let store = try filled()
      let body =
        HostileExport.number(blobs, 8) + HostileExport.number(byteCount, 8) + HostileExport.list(Array("default".utf8))
      try put(body, at: store.namespace.tag.bytes, in: .namespaces, of: store)
      #expect(try store.verify().damage.map(\.table) == ["namespaces"])
      let limited = try StateStore(
        at: folder.path("store"), options: StoreOptions(maximumBytes: 1 << 30, maximumNamespaceBytes: 1 << 30))
      try limited.makeRoom(for: 1 << 20)
      try limited.write { (batch) throws(StoreError) in try batch.recordSample("t", "more", encodings: ["b"]) }
      // It was counted anew.
      #expect(try store.verify().isSound)
      _ = try store.statistics()
    }
  }

  /// An account that says less than there is.
  @Test func sumsThatAreTooSmall() throws {
    let store = try filled()
    let body = HostileExport.number(0, 8) + HostileExport.number(0, 8) + HostileExport.list(Array("default".utf8))
    try put(body, at: store.namespace.tag.bytes, in: .namespaces, of: store)
    try store.write { (batch) throws(StoreError) in
      try batch.remove(Sample.key("a").encodingKey)
      try batch.putSample(Sample.key("a"), tokens: 3)
    }
    #expect(try store.statistics().namespaces.map(\.blobs) == [1])
  }

  @Test(arguments: [UInt64.max, 1 << 63 - 1, 1 << 63] as [UInt64]) func timesOfUses(time: UInt64) throws {
    let store = try filled()
    let key = BlobKeyBytes(Sample.key("a"), in: store.namespace)
    try put(HostileExport.number(time, 8), at: key.encodingSpan.array, in: .uses, of: store)
    _ = try store.snapshot().blob(Sample.key("a"), expecting: Sample.layout(3))
    try store.recordUses()
    #expect(try #require(store.list().first).lastUse > 1_700_000_000)
  }

  @Test func longNames() throws {
    let store = try filled()
    let name = String(repeating: "n", count: 120_000)
    let key = VersionKey(store.namespace, model: Sample.model, schema: name).bytes + [0, 0, 0, 0, 0, 0, 0, 1]
    try put(HostileExport.Version(schema: Array(name.utf8)).record, at: key, in: .versions, of: store)
    let body = HostileExport.number(0, 8) + HostileExport.number(0, 8) + HostileExport.list(Array(name.utf8))
    try put(body, at: Namespace(name).tag.bytes, in: .namespaces, of: store)
    #expect(try store.statistics().namespaces.map(\.name) == ["default"])
    let damage = try store.verify().damage
    #expect(Set(damage.map(\.table)) == ["versions", "namespaces"])
    #expect(damage.allSatisfy { $0.message.utf8.count < 1000 })
  }

  // MARK: - States

  /// A layer too many is no state of the model, and goes when the others are put again.
  @Test func layersTooMany() throws {
    let store = try filled()
    let key = Sample.key("a").encodingKey
    let layout = KVBlobLayout(
      element: .f16, shape: KVShape(layers: 2, heads: 2, headDimension: 8), tokens: 3)
    #expect(try store.snapshot().blobs(of: key, expecting: KVSegmentLayout(layout))?.count == 2)
    try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("a", layer: 2), tokens: 3) }
    #expect(throws: StoreError.unusableBlob(Sample.key("a", layer: 2), .layerTooMany)) {
      try store.snapshot().blobs(of: key, expecting: KVSegmentLayout(layout))
    }
    try store.write { (batch) throws(StoreError) in try batch.put(Sample.key("a"), layout: layout) { _ in } }
    #expect(try store.snapshot().blobs(of: key, expecting: KVSegmentLayout(layout))?.count == 2)
  }

  @Test(arguments: KVElement.allCases) func numbersThatAreNone(element: KVElement) throws {
    let store = try filled()
    let key = Sample.key("b", element)
    try store.write { (batch) throws(StoreError) in
      try batch.put(key, layout: Sample.layout(20, element)) { payload in
        payload.storeBytes(of: 0xFF, toByteOffset: payload.byteCount - 1, as: UInt8.self)
        payload.storeBytes(of: 0x80, toByteOffset: payload.byteCount - 2, as: UInt8.self)
      }
    }
    // The scales of a head of 8 numbers end before the head does.
    guard element != .q8 else { return }
    #expect(throws: StoreError.unusableBlob(key, .notFinite)) {
      try store.snapshot().blob(key, expecting: Sample.layout(20, element))
    }
    #expect(try store.verify().damage.map(\.layer) == [0])
  }

  // MARK: - Imports that never ended

  /// What a killed import left is not there for anybody, and goes.
  @Test func unfinishedImports() throws {
    let store = try filled()
    func arrive() throws {
      try store.write { (batch) throws(StoreError) in
        for layer in 0..<3 {
          try batch.put(Sample.key("b", layer: layer), layout: Sample.layout(5), isArriving: true) { _ in }
        }
      }
    }
    try arrive()
    let snapshot = try store.snapshot()
    #expect(try !snapshot.contains(Sample.key("b")) && !snapshot.contains(Sample.key("b").encodingKey, layers: 1))
    #expect(try snapshot.blob(Sample.key("b"), expecting: Sample.layout(5)) == nil)
    #expect(try snapshot.blobs(of: Sample.key("b").encodingKey, expecting: KVSegmentLayout(Sample.layout(5))) == nil)
    #expect(throws: StoreError.missingEncodings(schema: "t", count: 1)) {
      try store.write { (batch) throws(StoreError) in
        try batch.recordVersion(
          model: Sample.model, schema: "t", hash: Sample.digest("t"), lowered: [], element: .f16,
          encodings: [Sample.digest("b")])
      }
    }
    // Computed anew, nothing of it stays.
    try store.write { (batch) throws(StoreError) in
      try batch.recordSample("t", encodings: ["b"])
    }
    #expect(try store.statistics().namespaces.map(\.blobs) == [4])
    #expect(try store.list().map(\.missing) == [0, 0])
    // A version that lost its states does not take those that are arriving for them.
    try store.write { (batch) throws(StoreError) in try batch.remove(Sample.key("b").encodingKey) }
    try arrive()
    #expect(try store.list().map(\.missing) == [0, 1])
    #expect(try store.collectGarbage(GarbagePolicy()).encodings == 1)
    #expect(try store.statistics().namespaces.map(\.blobs) == [2])
    // The next import removes it too.
    try arrive()
    #expect(throws: StoreError.self) {
      try store.importVersions(
        fromFile: folder.write(Data(HostileExport(behindFrame: [1]).archive), to: "archive"))
    }
    #expect(try store.statistics().namespaces.map(\.blobs) == [2])
    #expect(try store.verify().isSound)
  }
}
