import ContentHash
import FileSystem
import KVCacheFormat
@testable import Store
import StoreTestSupport
import TestSupport
import Testing

/// Joint encodings: what is recorded of them, and when they go.
@Suite struct JointRecordTests {
  private let folder: TemporaryFolder
  private let store: StateStore

  init() throws {
    folder = try TemporaryFolder()
    store = try StateStore(at: FilePath(folder.path("store")))
  }

  /// A version of "s" with the encodings a and b, and the chains a c d and a c e, of which a is the version's.
  private func fill(schema: String = "s") throws {
    try store.write { (batch) throws(StoreError) in
      try batch.recordSample("s", encodings: ["a", "b"])
      for name in ["c", "d", "e"] { try batch.putSample(Sample.key(name), tokens: 3) }
      for (depth, (name, previous)) in [("a", nil), ("c", "a"), ("d", "c")].enumerated() {
        try batch.setJoint(Sample.key(name).encodingKey, record(depth, previous, schema))
      }
      try batch.setJoint(Sample.key("e").encodingKey, record(2, "c", schema))
    }
  }

  private func record(_ depth: Int, _ previous: String?, _ schema: String = "s") throws(StoreError) -> JointRecord {
    try JointRecord(
      depth: depth, position: 3 * depth, tokens: 3, previous: previous.map(Sample.digest), schema: schema,
      label: "part \(depth)")
  }

  private func present() throws -> [String] {
    let snapshot = try store.snapshot()
    return try ["a", "b", "c", "d", "e"].filter { try snapshot.contains(Sample.key($0)) }
  }

  private func use(_ name: String, at time: Int) throws {
    try store.write { (batch) throws(StoreError) in try batch.setLastUse(Sample.key(name).encodingKey, time) }
  }

  @Test func recordsStayWithTheirEncodings() throws {
    try fill()
    let key = Sample.key("d").encodingKey
    let recorded = try record(2, "c")
    #expect(try store.snapshot().joint(key) == recorded)
    #expect(try store.snapshot().joint(Sample.key("b").encodingKey) == nil)
    // A later use, and a blob that is put in its place, leave it as it is.
    try use("d", at: 5000)
    try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("d"), tokens: 3) }
    #expect(try store.snapshot().joint(key) == recorded)
    // There is none of an encoding that is not there.
    let isThere = try store.write { (batch) throws(StoreError) in
      try batch.setJoint(Sample.key("absent").encodingKey, record(0, nil))
    }
    #expect(!isThere)
    #expect(try store.snapshot().joint(Sample.key("absent").encodingKey) == nil)
    try store.collectGarbage(GarbagePolicy(keep: 0))
    try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("d"), tokens: 3) }
    #expect(try store.snapshot().joint(key) == nil)
    #expect(throws: StoreError.self) { try record(0, nil, String(repeating: "s", count: 1025)) }
    #expect(try store.verify().isSound)
  }

  @Test func combinations() throws {
    try fill()
    let combinations = try store.jointCombinations()
    #expect(combinations.map(\.schema) == ["s", "s"] && combinations.map(\.tokens) == [9, 9])
    #expect(combinations.allSatisfy { $0.parts == ["part 0", "part 1", "part 2"] && $0.isWhole && !$0.isInUse })
    // Two blobs of `a`, which the version needs; one of each other.
    #expect(combinations.map(\.byteCount) == [4 * 4096, 4 * 4096])
    #expect(combinations.map(\.ownByteCount) == [4096, 4096])
    #expect(try store.list().map(\.jointCombinations) == [2])
    let lease = try store.lease(joint: Sample.key("e").encodingKey)
    #expect(try store.jointCombinations().filter(\.isInUse).count == 1)
    withExtendedLifetime(lease) {}
  }

  @Test func stayWithoutALimitAsLongAsThereIsAVersion() throws {
    try fill()
    #expect(try store.collectGarbage(GarbagePolicy()).encodings == 0)
    let report = try store.collectGarbage(GarbagePolicy(keep: 0))
    #expect(report.encodings == 5 && report.joint == 0)
    #expect(try present() == [])
  }

  @Test func thoseOfOtherSchemasAreNeedless() throws {
    try fill(schema: "other")
    #expect(try store.collectGarbage(GarbagePolicy()).encodings == 3)
    #expect(try present() == ["a", "b"])
  }

  /// Before any of a version; the least recently used first; of a chain the ones behind.
  @Test func goFirst() throws {
    try fill()
    for name in ["a", "b"] { try use(name, at: 100) }
    for (name, time) in [("c", 9000), ("d", 1000), ("e", 9000)] { try use(name, at: time) }
    let total = 7 * 4096
    var left: [[String]] = []
    for byteCount in stride(from: total - 1, to: 0, by: -4096) {
      let report = try store.collectGarbage(GarbagePolicy(maximumBytes: byteCount))
      if report.encodings > 0 { left.append(try present()) }
    }
    #expect(left.prefix(3) == [["a", "b", "c", "e"], ["a", "b", "c"], ["a", "b"]])
    #expect(left.count == 5)
    #expect(try store.verify().isSound)
  }

  /// A lease of the last one keeps those in front of it.
  @Test func thoseInUseStay() throws {
    try fill()
    for (name, time) in [("c", 1000), ("d", 1000), ("e", 2000)] { try use(name, at: time) }
    do {
      let lease = try store.lease(joint: Sample.key("d").encodingKey)
      try store.collectGarbage(GarbagePolicy(maximumBytes: 0))
      #expect(try present() == ["a", "c", "d"])
      // Without a version too.
      try store.collectGarbage(GarbagePolicy(keep: 0))
      #expect(try present() == ["a", "c", "d"])
      withExtendedLifetime(lease) {}
    }
    try store.collectGarbage(GarbagePolicy(keep: 0))
    #expect(try present() == [])
  }

  /// Records that say something impossible are none, and no loop.
  @Test func chainsThatLeadNowhere() throws {
    try store.write { (batch) throws(StoreError) in
      try batch.recordSample("s", encodings: ["v"])
      for name in ["x", "y"] { try batch.putSample(Sample.key(name), tokens: 3) }
      try batch.setJoint(Sample.key("x").encodingKey, record(2, "y"))
      try batch.setJoint(Sample.key("y").encodingKey, record(2, "x"))
    }
    #expect(try store.jointCombinations() == [])
    try store.write { (batch) throws(StoreError) in
      try batch.setJoint(Sample.key("y").encodingKey, record(5, "gone"))
    }
    let found = try store.jointCombinations()
    #expect(found.map(\.isWhole) == [false] && found.map(\.parts) == [["part 2"]])
    #expect(try store.collectGarbage(GarbagePolicy(maximumBytes: 0)).joint == 2)
  }
}
