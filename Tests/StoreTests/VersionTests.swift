import ContentHash
import KVCacheFormat
import Store
import StoreTestSupport
import TestSupport
import Testing

@Suite struct VersionTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("store") }

  init() throws { folder = try TemporaryFolder() }

  @Test func numbersCountUp() throws {
    let store = try StateStore(at: path)
    #expect(try store.snapshot().newestVersion(model: Sample.model, schema: "s") == nil)
    for number in 1...300 {
      let version = try store.write { (batch) throws(StoreError) in try batch.recordSample("s", "text \(number)") }
      #expect(version.number == number)
    }
    let snapshot = try store.snapshot()
    let newest = try #require(try snapshot.newestVersion(model: Sample.model, schema: "s"))
    #expect(newest.number == 300)
    #expect(newest.lowered == Array("text 300".utf8))
    #expect(newest.encodings == [Sample.digest("a"), Sample.digest("b")])
    #expect(newest.labels == ["a", "b"])
    #expect(newest.time > 1_700_000_000)
    #expect(try snapshot.versions(model: Sample.model, schema: "s").map(\.number) == Array(1...300))
  }

  @Test func nothingChangedNothingRecorded() throws {
    let store = try StateStore(at: path)
    let versions = try store.write { (batch) throws(StoreError) in
      [
        try batch.recordSample("s", "one", time: 5), try batch.recordSample("s", "one", time: 6),
        try batch.recordSample("s", "two"), try batch.recordSample("s", "one"),
        try batch.recordSample("s", "one", encodings: ["a"]), try batch.recordSample("s", "one", element: .f32),
      ]
    }
    #expect(versions.map(\.number) == [1, 1, 2, 3, 4, 5])
    #expect(versions[1].time == 5)
    #expect(try store.snapshot().versions().count == 5)
  }

  /// Nothing is recorded of a version that lacks an encoding, a layer of one, or the layers that the others have.
  @Test func onlyWithAllEncodings() throws {
    let store = try StateStore(at: path)
    try store.write { (batch) throws(StoreError) in
      for key in [Sample.key("a"), Sample.key("a", layer: 1), Sample.key("fewer"), Sample.key("gap", layer: 1)] {
        try batch.putSample(key, tokens: 3)
      }
    }
    for other in ["none", "fewer", "gap"] {
      #expect(throws: StoreError.missingEncodings(schema: "s", count: 1), "\(other)") {
        try store.write { (batch) throws(StoreError) in
          try batch.recordVersion(
            model: Sample.model, schema: "s", hash: Sample.digest("s"), lowered: [], element: .f16,
            encodings: ["a", other].map(Sample.digest))
        }
      }
    }
    #expect(try store.snapshot().versions().isEmpty)
  }

  @Test func schemasAndModelsAreApart() throws {
    let store = try StateStore(at: path)
    let models = ["m", "n", "o"].map(Sample.digest)
    try store.write { (batch) throws(StoreError) in
      for model in models {
        for schema in ["b", "a", "", "a longer name — ü"] {
          try batch.recordSample(schema, "one", model: model)
          try batch.recordSample(schema, "two", model: model)
        }
      }
      try batch.recordSample("only m", model: models[0])
    }
    let snapshot = try store.snapshot()
    #expect(try snapshot.models() == models.sorted())
    #expect(try snapshot.schemas(model: models[1]) == ["", "a", "a longer name — ü", "b"])
    #expect(try snapshot.schemas(model: models[0]).count == 5)
    #expect(try snapshot.newestVersion(model: models[2], schema: "a")?.number == 2)
    #expect(try snapshot.newestVersion(model: models[2], schema: "only m") == nil)
    #expect(try snapshot.versions().count == 25)
  }
}
