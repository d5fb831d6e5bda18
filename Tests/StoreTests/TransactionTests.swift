import Store
import StoreTestSupport
import TestSupport
import Testing

@Suite struct TransactionTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("store") }

  init() throws { folder = try TemporaryFolder() }

  @Test func snapshotsDoNotChange() throws {
    let store = try StateStore(at: path)
    let before = try store.snapshot()
    try store.write { (batch) throws(StoreError) in
      try batch.putSample(Sample.key("a"), tokens: 3)
      try batch.setMemo("name", [1, 2, 3])
    }
    #expect(try before.contains(Sample.key("a")) == false)
    #expect(try before.memo("name") == nil)
    let after = try store.snapshot()
    #expect(try after.contains(Sample.key("a")))
    #expect(try after.memo("name") == [1, 2, 3])
  }

  @Test func throwingBodyWritesNothing() throws {
    let store = try StateStore(at: path)
    #expect(throws: StoreError.readOnly(path: "mine")) {
      try store.write { (batch) throws(StoreError) in
        try batch.putSample(Sample.key("a"), tokens: 3)
        throw .readOnly(path: "mine")
      }
    }
    #expect(try store.snapshot().contains(Sample.key("a")) == false)
    // The lock is free again.
    try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("a"), tokens: 3) }
    #expect(try store.snapshot().contains(Sample.key("a")))
  }

  @Test func memos() throws {
    let store = try StateStore(at: path)
    let long = String(repeating: "/a folder", count: 1000)
    try store.write { (batch) throws(StoreError) in
      try batch.setMemo("", [])
      try batch.setMemo(long, [UInt8](repeating: 7, count: 100_000))
      try batch.setMemo("b", [1])
      try batch.setMemo("b", [2])
    }
    let snapshot = try store.snapshot()
    #expect(try snapshot.memo("") == [])
    #expect(try snapshot.memo(long) == [UInt8](repeating: 7, count: 100_000))
    #expect(try snapshot.memo("b") == [2])
    #expect(try snapshot.memo("c") == nil)
  }

  /// Threads of one process write one after the other, and each that waits says so.
  @Test func writersTakeTurns() async throws {
    let waits = Counter()
    let store = try StateStore(
      at: path,
      options: StoreOptions(onWait: { wait in
        waits.increment()
        #expect(wait.message.contains("waiting for process"))
      }))
    try store.write { (batch) throws(StoreError) in try batch.setMemo("count", [0]) }
    try await withThrowingTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<10 {
            try store.write { (batch) throws(StoreError) in
              let count = try store.snapshot().memo("count")?.first ?? 0
              try batch.setMemo("count", [count + 1])
            }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try store.snapshot().memo("count") == [80])
  }

  @Test func namespacesAreApart() throws {
    let here = try StateStore(at: path, options: StoreOptions(namespace: "here"))
    let there = try StateStore(at: path, options: StoreOptions(namespace: "there"))
    let key = Sample.key("a")
    try here.write { (batch) throws(StoreError) in
      try batch.putSample(key, tokens: 3)
      try batch.setMemo("m", [1])
      try batch.recordSample("s")
    }
    let (mine, theirs) = (try here.snapshot(), try there.snapshot())
    #expect(try mine.contains(key))
    #expect(try theirs.contains(key) == false)
    #expect(try theirs.blob(key, expecting: Sample.layout(3)) == nil)
    #expect(try theirs.memo("m") == nil)
    #expect(try theirs.models().isEmpty)
    #expect(try theirs.schemas(model: Sample.model).isEmpty)
    #expect(try theirs.versions().isEmpty)
    // The same content in two namespaces is stored twice.
    try there.write { (batch) throws(StoreError) in
      #expect(try batch.contains(key) == false)
      try batch.putSample(key, tokens: 3)
    }
    let a = try #require(try here.snapshot().blob(key, expecting: Sample.layout(3)))
    let b = try #require(try there.snapshot().blob(key, expecting: Sample.layout(3)))
    #expect(a.address != b.address)
  }

  @Test func namespaceLimit() throws {
    let store = try StateStore(at: path, options: StoreOptions(maximumNamespaceBytes: 10_000))
    try store.write { (batch) throws(StoreError) in
      try batch.putSample(Sample.key("a"), tokens: 3)
      try batch.putSample(Sample.key("b"), tokens: 3)
      try batch.putSample(Sample.key("a"), tokens: 3)
    }
    #expect(throws: StoreError.namespaceFull(namespace: "default", limit: 10_000)) {
      try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("c"), tokens: 3) }
    }
    #expect(try store.snapshot().contains(Sample.key("b")))
  }

  @Test func storeLimit() throws {
    let limit = 1 << 20
    let store = try StateStore(at: path, options: StoreOptions(maximumBytes: limit))
    #expect(throws: StoreError.storeFull(path: path, limit: limit)) {
      for number in 0..<1000 {
        try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("\(number)"), tokens: 100) }
      }
    }
    #expect(try store.snapshot().contains(Sample.key("0")))
    #expect(fileByteCount("\(path)/data.mdb") <= limit)
    #expect(fileByteCount("\(path)/data.mdb") > limit / 2)
  }

  /// The map itself full, as it is on a system that does not give a terabyte of addresses.
  @Test func mapLimit() throws {
    var options = StoreOptions()
    options.addressSpace = 1 << 20
    let store = try StateStore(at: path, options: options)
    #expect(throws: StoreError.addressSpace(path: path, byteCount: 1 << 20)) {
      for number in 0..<1000 {
        try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("\(number)"), tokens: 100) }
      }
    }
    let key = Sample.key("0")
    #expect(try store.snapshot().blob(key, expecting: Sample.layout(100))?.isSample(key) == true)
    try store.write { (batch) throws(StoreError) in try batch.setMemo("still", [1]) }
    #expect(try store.snapshot().memo("still") == [1])
  }
}
