import Store
import StoreTestSupport
import TestSupport
import Testing

@Suite struct CompactionTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("store") }

  init() throws { folder = try TemporaryFolder() }

  private func fill() throws {
    let store = try StateStore(at: path)
    let other = try StateStore(at: path, options: StoreOptions(namespace: "other"))
    for store in [store, other] {
      try store.write { (batch) throws(StoreError) in
        for number in 0..<40 { try batch.putSample(Sample.key("garbage \(number)"), tokens: 500) }
        try batch.recordSample("s", "one", encodings: (0..<50).map { "e\($0)" })
        try batch.setMemo("memo", [1, 2])
      }
      try store.pin(VersionName(model: Sample.model, schema: "s", number: 1))
      try store.collectGarbage(GarbagePolicy())
    }
  }

  @Test func givesSpaceBack() throws {
    try fill()
    let before = try StateStore(at: path).list()
    let report = try StateStore.compact(at: path)
    #expect(report.dropped.isEmpty)
    #expect(report.byteCountAfter < report.byteCountBefore / 2)
    let store = try StateStore(at: path)
    #expect(try store.verify().isSound)
    #expect(try store.list() == before)
    #expect(try store.snapshot().memo("memo") == [1, 2])
    #expect(try store.statistics().freePages == 0)
    #expect(try store.statistics().namespaces.map(\.name) == ["default", "other"])
    let key = Sample.key("e7", layer: 1)
    #expect(try store.snapshot().blob(key, expecting: Sample.layout(3))?.isSample(key) == true)
    try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("new"), tokens: 50) }
    #expect(try store.verify().isSound)
  }

  @Test func refusedWhileOpen() throws {
    try fill()
    let store = try StateStore(at: path)
    #expect(throws: StoreError.inUse(path: path, process: ownProcess)) { try StateStore.compact(at: path) }
    #expect(try store.verify().isSound)
  }

  @Test func leftoversAreRemoved() throws {
    try fill()
    try folder.write("half a database", to: "store/compact.new/data.mdb")
    _ = try StateStore(at: path, options: StoreOptions(readOnly: true))
    #expect(folder.files(in: "store").contains("compact.new/data.mdb"))
    _ = try StateStore(at: path)
    #expect(folder.files(in: "store") == ["access.lock", "data.mdb", "lock.mdb", "store.format"])
    try folder.write("half a database", to: "store/compact.new/data.mdb")
    _ = try StateStore.compact(at: path)
    #expect(try StateStore(at: path).verify().isSound)
  }

  @Test func nothingThere() throws {
    #expect(throws: StoreError.noStore(path: path)) { try StateStore.compact(at: path) }
  }
}
