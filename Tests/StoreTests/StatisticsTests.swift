import Foundation
import Store
import StoreTestSupport
import TestSupport
import Testing

@Suite struct StatisticsTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("store") }

  init() throws { folder = try TemporaryFolder() }

  @Test func countsPerNamespace() throws {
    let store = try StateStore(at: path)
    let other = try StateStore(at: path, options: StoreOptions(namespace: "other"))
    try store.write { (batch) throws(StoreError) in
      try batch.recordSample("s", "one", encodings: ["a", "b"])
      try batch.recordSample("s", "two", encodings: ["b", "c"])
      try batch.putSample(Sample.key("large"), tokens: 100)
    }
    try other.write { (batch) throws(StoreError) in try batch.recordSample("s", "one", encodings: ["a"]) }
    try other.pin(VersionName(model: Sample.model, schema: "s", number: 1))
    let statistics = try store.statistics()
    #expect(statistics.format == 1)
    #expect(statistics.pageByteCount == 4096)
    #expect(statistics.pages * 4096 <= statistics.fileByteCount)
    #expect(statistics.diskByteCount >= statistics.pages * 4096)
    #expect(statistics.freePages < statistics.pages)
    let names = statistics.namespaces.map { "\($0.name) \($0.blobs) \($0.byteCount / 4096) \($0.versions) \($0.pins)" }
    #expect(names == ["default 7 8 2 0", "other 2 2 1 1"])
    let json = try JSONEncoder().encode(statistics)
    #expect(try JSONDecoder().decode(StoreStatistics.self, from: json) == statistics)
  }

  @Test func listsVersions() throws {
    let store = try StateStore(at: path)
    try store.write { (batch) throws(StoreError) in
      try batch.recordSample("s", "one", encodings: ["a", "b"], time: 1)
      try batch.recordSample("s", "two", encodings: ["b", "c", "d"], time: 2)
      try batch.recordSample("r", encodings: ["e"])
    }
    let list = try store.list()
    #expect(list.map { "\($0.schema) \($0.number)" } == ["r 1", "s 1", "s 2"])
    #expect(list.map(\.encodings) == [1, 2, 3])
    #expect(list.map(\.byteCount) == [2, 4, 6].map { $0 * 4096 })
    #expect(list.map(\.ownByteCount) == [2, 2, 4].map { $0 * 4096 })
    #expect(list.map(\.missing) == [0, 0, 0])
    #expect(list.map(\.time).suffix(2) == [1, 2])
  }

  @Test func showsReaders() throws {
    let store = try StateStore(at: path)
    #expect(try store.statistics().readers.isEmpty)
    let snapshot = try store.snapshot()
    let readers = try store.statistics().readers
    #expect(readers.map(\.process) == [ownProcess])
    withExtendedLifetime(snapshot) {}
  }
}
