import ContentHash
import KVCacheFormat
import Store
import StoreTestSupport
import TestSupport
import Testing

@Suite struct GarbageTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("store") }

  init() throws { folder = try TemporaryFolder() }

  /// Versions 1 to 5 of "s", each with an encoding of its own and one that all share.
  private func fill(_ store: StateStore) throws {
    try store.write { (batch) throws(StoreError) in
      for number in 1...5 { try batch.recordSample("s", "\(number)", encodings: ["shared", "own \(number)"]) }
    }
  }

  private func numbers(_ store: StateStore) throws -> [Int] {
    try store.snapshot().versions(model: Sample.model, schema: "s").map(\.number)
  }

  private func name(_ number: Int) -> VersionName { VersionName(model: Sample.model, schema: "s", number: number) }

  private func encodings(_ store: StateStore) throws -> [Int] {
    let snapshot = try store.snapshot()
    return try (1...5).filter { try snapshot.contains(Sample.key("own \($0)")) }
  }

  @Test func keepsTheNewest() throws {
    let store = try StateStore(at: path)
    try fill(store)
    try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("of no version"), tokens: 3) }
    let plan = try store.collectGarbage(GarbagePolicy(keep: 2), dryRun: true)
    #expect(try numbers(store) == [1, 2, 3, 4, 5])
    let report = try store.collectGarbage(GarbagePolicy(keep: 2))
    #expect(report == plan)
    #expect(report.versions == [name(1), name(2), name(3)])
    #expect(report.encodings == 4)
    #expect(report.byteCount == 7 * 4096)
    #expect(report.byteCountLeft == 6 * 4096)
    #expect(try numbers(store) == [4, 5])
    #expect(try encodings(store) == [4, 5])
    #expect(try store.snapshot().contains(Sample.key("shared")))
    #expect(try store.snapshot().contains(Sample.key("of no version")) == false)
    #expect(try store.verify().isSound)
    // The numbers go on.
    let next = try store.write { (batch) throws(StoreError) in try batch.recordSample("s", "6", encodings: ["shared"]) }
    #expect(next.number == 6)
  }

  @Test func keepNothing() throws {
    let store = try StateStore(at: path)
    try fill(store)
    let report = try store.collectGarbage(GarbagePolicy(keep: 0))
    #expect(report.versions.count == 5)
    #expect(report.byteCountLeft == 0)
    #expect(try store.snapshot().models().isEmpty)
    #expect(try store.statistics().namespaces.first?.blobs == 0)
  }

  @Test func pinnedVersionsStay() throws {
    let store = try StateStore(at: path)
    try fill(store)
    try store.pin(name(2))
    let report = try store.collectGarbage(GarbagePolicy(keep: 1, maximumBytes: 0))
    #expect(report.spared == [name(2)])
    #expect(try numbers(store) == [2, 5])
    #expect(try encodings(store) == [2])
    #expect(try store.list().map(\.isPinned) == [true, false])
    #expect(try store.list().map(\.missing) == [0, 1])
    try store.unpin(name(2))
    try store.collectGarbage(GarbagePolicy(keep: 1))
    #expect(try numbers(store) == [5])
    #expect(throws: StoreError.noVersion(name(2))) { try store.pin(name(2)) }
  }

  @Test func leasedVersionsStay() throws {
    let store = try StateStore(at: path)
    try fill(store)
    var lease: Lease? = try store.lease(name(1))
    var second: Lease? = try StateStore(at: path).lease(name(1))
    #expect(try store.list().map(\.isInUse) == [true, false, false, false, false])
    lease = nil
    #expect(try store.collectGarbage(GarbagePolicy(keep: 1, maximumBytes: 0)).spared == [name(1)])
    #expect(try encodings(store) == [1])
    second = nil
    #expect(try store.collectGarbage(GarbagePolicy(keep: 1)).versions == [name(1)])
    #expect(lease == nil && second == nil)
  }

  @Test func warmingKeepsEncodings() throws {
    let store = try StateStore(at: path)
    try fill(store)
    try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("new"), tokens: 3) }
    var lease: Lease? = try store.leaseForWarming()
    let report = try store.collectGarbage(GarbagePolicy(keep: 1))
    #expect(report.versions.count == 4)
    #expect((report.encodings, report.postponed) == (0, 5))
    #expect(try store.snapshot().contains(Sample.key("new")))
    #expect(try encodings(store) == [1, 2, 3, 4, 5])
    lease = nil
    #expect(try store.collectGarbage(GarbagePolicy(keep: 1)).encodings == 5)
    #expect(try store.snapshot().contains(Sample.key("new")) == false)
    #expect(try encodings(store) == [5])
    #expect(lease == nil)
  }

  @Test func snapshotsKeepWhatTheyShow() throws {
    let store = try StateStore(at: path)
    try fill(store)
    let snapshot = try store.snapshot()
    let blob = try #require(try snapshot.blob(Sample.key("own 1"), expecting: Sample.layout(3)))
    try store.collectGarbage(GarbagePolicy(keep: 0))
    for number in 0..<20 {
      try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("other \(number)"), tokens: 3) }
    }
    #expect(blob.isSample(Sample.key("own 1")))
    #expect(try snapshot.versions(model: Sample.model, schema: "s").count == 5)
    let late = try snapshot.blob(Sample.key("own 2"), expecting: Sample.layout(3))
    #expect(late?.isSample(Sample.key("own 2")) == true)
  }

  @Test func leastRecentlyUsedGoFirst() throws {
    let store = try StateStore(at: path)
    try fill(store)
    try store.age(["shared", "own 1", "own 2", "own 3", "own 4", "own 5"], to: [50, 30, 10, 20, 60, 40])
    let blob = try store.snapshot().blob(Sample.key("own 2"), expecting: Sample.layout(3))
    #expect(blob != nil)
    try store.recordUses()
    // Three encodings of two blobs, of one page each.
    let report = try store.collectGarbage(GarbagePolicy(maximumBytes: 6 * 4096 + 100))
    #expect(report.encodings == 3)
    #expect(try encodings(store) == [2, 4])
    #expect(try store.snapshot().contains(Sample.key("shared")))
    #expect(try numbers(store).count == 5)
    #expect(try store.list().map(\.missing) == [1, 0, 1, 0, 1])
  }

  /// A use is noted by who reads, at most once an hour, and never by waiting for who writes.
  @Test func readersRecordUses() throws {
    let store = try StateStore(at: path)
    try fill(store)
    try store.age(["own 1", "own 2"], to: [10, 20])
    let reader = try StateStore(at: path, options: StoreOptions(readOnly: true))
    #expect(reader.recordUsesIfIdle())
    let before = try store.statistics().lastCommit
    #expect(try reader.snapshot().blob(Sample.key("own 1"), expecting: Sample.layout(3)) != nil)

    let other = try Torture("write-slowly", path, "100000")
    other.wait(lines: 1)
    #expect(reader.recordUsesIfIdle() == false)
    other.kill()
    #expect(reader.recordUsesIfIdle())
    #expect(try store.statistics().lastCommit == before + 1)
    // What was used within the hour is not written again.
    #expect(try reader.snapshot().blob(Sample.key("own 1"), expecting: Sample.layout(3)) != nil)
    #expect(try reader.snapshot().blob(Sample.key("own 3"), expecting: Sample.layout(3)) != nil)
    #expect(reader.recordUsesIfIdle())
    #expect(try store.statistics().lastCommit == before + 1)
    try store.collectGarbage(GarbagePolicy(maximumBytes: 10 * 4096))
    #expect(try encodings(store) == [1, 3, 4, 5])
  }

  /// What there shall be room for does not make room for itself.
  @Test func keptEncodingsStay() throws {
    let size = 2 * 4096
    let store = try StateStore(at: path, options: StoreOptions(maximumNamespaceBytes: 6 * size))
    try fill(store)
    try store.age((1...5).map { "own \($0)" }, to: [1, 2, 3, 4, 5])
    let kept = Set([1, 2].map { Sample.key("own \($0)").encodingKey })
    try store.makeRoom(for: size, keeping: kept)
    #expect(try encodings(store) == [1, 2, 4, 5])
    #expect(throws: StoreError.namespaceFull(namespace: "default", limit: 6 * size)) {
      try store.makeRoom(for: 5 * size, keeping: kept)
    }
    #expect(try encodings(store) == [1, 2, 4, 5], "nothing goes if it is of no use")
  }

  /// A snapshot that lasts keeps what is freed from being used again, up to the limit and no further.
  @Test func limitHoldsAnOldReaderInCheck() throws {
    let limit = 4 << 20
    let store = try StateStore(at: path, options: StoreOptions(maximumBytes: limit))
    try fill(store)
    var snapshot: Snapshot? = try store.snapshot()
    #expect(throws: StoreError.storeFull(path: path, limit: limit)) {
      for _ in 0..<100 {
        try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("churning"), tokens: 1000) }
      }
    }
    #expect(fileByteCount("\(path)/data.mdb") <= limit)
    #expect(try snapshot?.blob(Sample.key("own 1"), expecting: Sample.layout(3)) != nil)
    snapshot = nil
    try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("churning"), tokens: 1000) }
    #expect(try store.verify().isSound)
    #expect(snapshot == nil)
  }

  /// A store with a limit goes on for ever: the least recently used make room for the new.
  @Test(arguments: [(4 << 20, nil), (nil, 2 << 20)] as [(Int?, Int?)])
  func makesRoom(maximumBytes: Int?, maximumNamespaceBytes: Int?) throws {
    let store = try StateStore(
      at: path,
      options: StoreOptions(maximumBytes: maximumBytes, maximumNamespaceBytes: maximumNamespaceBytes))
    try fill(store)
    try store.pin(name(1))
    try store.age((1...5).map { "own \($0)" }, to: [0, 0, 0, 0, 0])
    let batch = 8 * (Sample.layout(1000).byteCount + 4096)
    for round in 0..<40 {
      try store.makeRoom(for: batch)
      try store.write { (batch) throws(StoreError) in
        for number in 0..<8 { try batch.putSample(Sample.key("\(round) \(number)"), tokens: 1000) }
      }
      try store.age((0..<8).map { "\(round) \($0)" }, to: (0..<8).map { 100 + round * 10 + $0 })
    }
    let snapshot = try store.snapshot()
    #expect(try snapshot.contains(Sample.key("39 0")))
    #expect(try snapshot.contains(Sample.key("0 0")) == false)
    #expect(try encodings(store) == [1])
    #expect(fileByteCount("\(path)/data.mdb") <= 4 << 20)
    #expect(try store.verify().isSound)
    #expect(throws: StoreError.self) { try store.makeRoom(for: 8 << 20) }
  }

  @Test func collectionStaysInItsNamespace() throws {
    let here = try StateStore(at: path)
    let there = try StateStore(at: path, options: StoreOptions(namespace: "there"))
    try fill(here)
    try fill(there)
    try here.collectGarbage(GarbagePolicy(keep: 0, maximumBytes: 0))
    #expect(try numbers(here).isEmpty)
    #expect(try numbers(there).count == 5)
    #expect(try encodings(there).count == 5)
    #expect(try here.verify().isSound)
  }

  @Test func freedSpaceIsUsedAgain() throws {
    let store = try StateStore(at: path)
    var sizes: [Int] = []
    for round in 0..<12 {
      try store.write { (batch) throws(StoreError) in
        for number in 0..<20 { try batch.putSample(Sample.key("\(round) \(number)"), tokens: 500) }
      }
      try store.collectGarbage(GarbagePolicy(keep: 0))
      sizes.append(try store.statistics().pages)
    }
    #expect(sizes[11] <= sizes[3] + 20, "\(sizes)")
  }

  /// A snapshot pins what is freed while it lasts. Renewed now and then it does not, and its blobs stay where they are.
  @Test func renewedSnapshotsLetSpaceGo() throws {
    func growth(renewing: Bool) throws -> Int {
      let path = folder.path(renewing ? "renewing" : "holding")
      let store = try StateStore(at: path)
      let key = Sample.key("kept")
      try store.write { (batch) throws(StoreError) in try batch.putSample(key, tokens: 100) }
      let before = try store.statistics().pages
      let snapshot = try store.snapshot()
      let blob = try #require(try snapshot.blob(key, expecting: Sample.layout(100)))
      let address = blob.address
      for _ in 0..<30 {
        try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("churning"), tokens: 1000) }
        if renewing { #expect(try snapshot.renew()) }
      }
      #expect(blob.isSample(key))
      #expect(blob.address == address)
      #expect(try snapshot.contains(Sample.key("churning")) == renewing)
      return try store.statistics().pages - before
    }
    let (held, renewed) = (try growth(renewing: false), try growth(renewing: true))
    let blob = Sample.layout(1000).byteCount / 4096
    #expect(held > 30 * blob)
    #expect(renewed < 8 * blob)
  }

  @Test func snapshotsThatLentWhatWentAreNotRenewed() throws {
    let store = try StateStore(at: path)
    try fill(store)
    let snapshot = try store.snapshot()
    #expect(try snapshot.renew())
    let key = Sample.key("own 1")
    let blob = try #require(try snapshot.blob(key, expecting: Sample.layout(3)))
    try store.write { (batch) throws(StoreError) in try batch.putSample(key, tokens: 3) }
    #expect(try snapshot.renew() == false)
    try store.collectGarbage(GarbagePolicy(keep: 0))
    for number in 0..<20 {
      try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("\(number)"), tokens: 3) }
    }
    #expect(try snapshot.renew() == false)
    #expect(blob.isSample(key))
  }
}

extension StateStore {
  /// Makes it look as if the encodings had last been used at these times.
  func age(_ encodings: [String], to times: [Int]) throws {
    try write { (batch) throws(StoreError) in
      for (encoding, time) in zip(encodings, times) {
        try batch.setLastUse(Sample.key(encoding).encodingKey, time)
      }
    }
  }
}
