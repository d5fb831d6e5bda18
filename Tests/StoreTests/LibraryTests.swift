import ContentHash
import Foundation
import KVCacheFormat
import StoreTestSupport
import TestSupport
import Testing

@testable import Store

/// Versions with libraries: what is looked up by name, what goes with them, and what is found damaged.
@Suite struct LibraryTests {
  private let folder: TemporaryFolder
  private let store: StateStore

  init() throws {
    folder = try TemporaryFolder()
    store = try StateStore(at: folder.path("store"))
  }

  private static func text(_ name: String) -> [String] { ["What \(name) says.", "And more."] }

  private static func listing(_ names: [String]) -> LibraryListing {
    LibraryListing(
      name: "docs",
      documents: names.map { name in
        LibraryListing.Document(
          name: name, content: SHA256Digest(ofTexts: text(name)),
          segments: [LibraryListing.Segment(encoding: Sample.digest(name), tokens: 3)])
      })
  }

  @discardableResult
  private func record(_ names: [String], schema: String = "desk", in store: StateStore? = nil) throws -> VersionRecord {
    let store = store ?? self.store
    return try store.write { (batch) throws(StoreError) in
      for name in ["text"] + names {
        for layer in 0..<2 where try !batch.contains(Sample.key(name, layer: layer)) {
          try batch.putSample(Sample.key(name, layer: layer), tokens: 3)
        }
      }
      for name in names { try batch.putDocumentText(Self.text(name)) }
      return try batch.recordVersion(
        model: Sample.model, schema: schema, hash: Sample.digest(names.joined()), lowered: [1, 2, 3], element: .f16,
        encodings: [Sample.digest("text")], labels: ["schema text"], libraries: [Self.listing(names)])
    }
  }

  private static let names = ["b", "a", "東京", "unit.py", String(repeating: "long-", count: 100)]

  private func isThere(_ table: Table.Name) throws -> Int {
    try store.snapshot().read { (transaction, tables) throws(StoreError) in
      try tables[table].map { (table) throws(StoreError) in try transaction.size(of: table).entries } ?? 0
    }
  }

  @Test func aDocumentIsFoundByItsName() throws {
    let version = try record(Self.names)
    #expect(version.encodings == (["text"] + Self.names).map(Sample.digest))
    #expect(version.labels[1...2] == ["module `docs/b`", "module `docs/a`"])
    let head = try #require(try store.snapshot().newestHead(model: Sample.model, schema: "desk"))
    #expect(head.name == version.name)
    #expect(head.lowered == [1, 2, 3])
    let listing = try #require(head.libraries.first?.listing)
    for (place, name) in Self.names.enumerated() {
      let found = try #require(try store.snapshot().document(name, of: listing))
      #expect(found.document == version.libraries[0].documents[place])
      #expect(found.place == place)
      #expect(try store.snapshot().documentText(found.document.content) == Self.text(name))
    }
    #expect(try store.snapshot().document("c", of: listing) == nil)
    let sorted = Self.names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let page = try store.snapshot().documents(of: listing, atMost: 2)
    #expect(page.map(\.document.name) == Array(sorted[..<2]))
    #expect(
      try store.snapshot().documents(of: listing, after: page[1].document.name, atMost: 9).map(\.document.name)
        == Array(sorted[2...]))
  }

  @Test func aVersionWithoutTheirTextsIsRefused() throws {
    #expect(throws: StoreError.missingTexts(schema: "desk", count: 1)) {
      try store.write { (batch) throws(StoreError) in
        for layer in 0..<2 { try batch.putSample(Sample.key("a", layer: layer), tokens: 3) }
        try batch.recordVersion(
          model: Sample.model, schema: "desk", hash: Sample.digest("x"), lowered: [], element: .f16, encodings: [],
          libraries: [Self.listing(["a"])])
      }
    }
  }

  @Test func whatNoVersionHasIsFreed() throws {
    try record(["a", "b"])
    try record(["b", "c"])
    #expect(try isThere(.documents) == 6)
    #expect(try isThere(.texts) == 3)
    #expect(try isThere(.heads) == 2)
    let report = try store.collectGarbage(GarbagePolicy(keep: 1))
    #expect(report.encodings == 1)
    #expect(try isThere(.documents) == 3)
    #expect(try isThere(.texts) == 2)
    #expect(try isThere(.heads) == 1)
    let listing = Self.listing(["b", "c"]).identity
    #expect(try store.snapshot().document("c", of: listing)?.document.name == "c")
    #expect(try store.verify().isSound)
  }

  @Test func indexesGoWithTheLastVersionThatHasThem() throws {
    func index(_ names: [String]) throws -> String {
      let name = store.indexName(ofListing: Self.listing(names).identity, model: Sample.model)
      _ = try store.derivedFolder()
      let path = folder.path("store/prepared/\(name)")
      try "index".write(toFile: path, atomically: true, encoding: .utf8)
      return path
    }
    try record(["a"])
    try record(["b"])
    let (first, second) = (try index(["a"]), try index(["b"]))
    try store.collectGarbage(GarbagePolicy(keep: 1))
    #expect(!FileManager.default.fileExists(atPath: first))
    #expect(FileManager.default.fileExists(atPath: second))
    // Another tenant's index of the same library has another name.
    let tenant = try StateStore(at: folder.path("store"), options: StoreOptions(namespace: "other"))
    let listing = Self.listing(["b"]).identity
    #expect(
      tenant.indexName(ofListing: listing, model: Sample.model)
        != store.indexName(ofListing: listing, model: Sample.model))
  }

  @Test(arguments: [false, true]) func exportsHaveThem(asFolder: Bool) throws {
    try record(Self.names)
    let path = folder.path("export")
    _ = asFolder ? try store.export(toFolder: path) : try store.export(toFile: path)
    let other = try StateStore(at: folder.path("other"))
    let report = asFolder ? try other.importVersions(fromFolder: path) : try other.importVersions(fromFile: path)
    #expect(report.versions.count == 1)
    let head = try #require(try other.snapshot().newestHead(model: Sample.model, schema: "desk"))
    let listing = try #require(head.libraries.first?.listing)
    for name in Self.names {
      let found = try #require(try other.snapshot().document(name, of: listing))
      #expect(try other.snapshot().documentText(found.document.content) == Self.text(name))
    }
    #expect(try other.verify().isSound)
    // Once more, it is all there.
    #expect(
      (try asFolder ? other.importVersions(fromFolder: path) : other.importVersions(fromFile: path)).versions == [])
  }

  /// A text in an export stands for what it says, whatever its file is called.
  @Test func aTextOfAnExportIsWhatItsNameStandsFor() throws {
    try record(["a"])
    _ = try store.export(toFolder: folder.path("export"))
    let content = SHA256Digest(ofTexts: Self.text("a")).hexadecimal
    let path = folder.path("export/texts/\(content.prefix(2))/\(content)")
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: URL(filePath: path))
    let other = try StateStore(at: folder.path("other"))
    #expect(throws: StoreError.self) { try other.importVersions(fromFolder: folder.path("export")) }
    #expect(try other.snapshot().versions() == [])
  }

  @Test(arguments: [Table.Name.documents, .heads, .texts]) func damageIsFoundAndMended(table: Table.Name) throws {
    let version = try record(["a", "b"])
    try store.write { (batch) throws(StoreError) in
      guard let table = batch.tables[table] else { return }
      var keys: [[UInt8]] = []
      try batch.transaction.visit(table, prefix: RawSpan()) { (key, _) in
        keys.append(key.array)
        return .next
      }
      for key in keys { try unsafe batch.transaction.put([1, 2, 3].span.bytes, at: key.span.bytes, in: table) }
    }
    let damage = try store.verify().damage
    #expect(!damage.isEmpty)
    #expect(damage.allSatisfy { $0.table == table.rawValue })
    let listing = version.libraries[0].identity
    switch table {
    case .documents:
      #expect(throws: StoreError.self) { try store.snapshot().document("a", of: listing) }
      #expect(throws: StoreError.self) { try store.snapshot().document("unknown", of: listing) }
    case .texts:
      #expect(try store.snapshot().documentText(version.libraries[0].documents[0].content) == nil)
      #expect(try store.snapshot().missingTexts(of: version.libraries[0].documents.map(\.content)).count == 2)
    default:
      // The version's own record says the same.
      #expect(try store.snapshot().newestHead(model: Sample.model, schema: "desk")?.name == version.name)
    }
    #expect(try record(["a", "b"]).number == version.number)
    #expect(try store.verify().isSound)
    #expect(try store.snapshot().document("a", of: listing)?.document.name == "a")
  }

  /// A store that was written before there were libraries gets its tables when it is opened for writing, and is whole without.
  @Test func aStoreWithoutTheTablesIsWhole() throws {
    let path = folder.path("old")
    do {
      let old = try StateStore(at: path)
      try old.write { (batch) throws(StoreError) in try batch.recordSample("s", "1") }
    }
    try OlderStore.removeTables(Table.Name.ofLibraries.map(\.rawValue), at: path)
    do {
      let reading = try StateStore(at: path, options: StoreOptions(readOnly: true))
      #expect(try reading.verify().isSound)
      #expect(try reading.snapshot().newestHead(model: Sample.model, schema: "s")?.name.number == 1)
      #expect(try reading.snapshot().documentText(Sample.digest("x")) == nil)
    }
    let writing = try StateStore(at: path)
    try record(["a"], in: writing)
    #expect(try writing.snapshot().newestHead(model: Sample.model, schema: "desk")?.libraries.count == 1)
    #expect(try writing.verify().isSound)
  }

  @Test func compactionKeepsThem() throws {
    let path = folder.path("compacted")
    let listing = Self.listing(["a"]).identity
    do {
      let store = try StateStore(at: path)
      try record(["a"], in: store)
    }
    _ = try StateStore.compact(at: path)
    let store = try StateStore(at: path)
    #expect(try store.snapshot().document("a", of: listing)?.document.name == "a")
    #expect(try store.verify().isSound)
  }
}
