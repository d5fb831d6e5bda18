import ContentHash
import Foundation
import KVCacheFormat
import Store
import StoreTestSupport
import TestSupport
import Testing

@Suite struct ExchangeTests {
  private let folder: TemporaryFolder
  private var archive: String { folder.path("versions.archive") }
  private var mirror: String { folder.path("mirror") }

  init() throws { folder = try TemporaryFolder() }

  private func store(_ name: String, namespace: String = "default") throws -> StateStore {
    try StateStore(at: folder.path(name), options: StoreOptions(namespace: namespace))
  }

  /// Two versions of "s" that share an encoding, and one of "r".
  private func filled() throws -> StateStore {
    let store = try store("source")
    try store.write { (batch) throws(StoreError) in
      try batch.recordSample("s", "one", encodings: ["a", "b"], time: 1)
      try batch.recordSample("s", "two", encodings: ["b", "c"], time: 2)
      try batch.recordSample("r", "three", encodings: ["d"], element: .f32, time: 3)
    }
    return store
  }

  private func expectSame(_ left: StateStore, _ right: StateStore) throws {
    #expect(try right.snapshot().versions() == left.snapshot().versions())
    #expect(try right.verify().isSound)
    let snapshot = try right.snapshot()
    for version in try snapshot.versions() {
      for (label, element) in version.labels.map({ ($0, version.element) }) {
        for layer in 0..<2 {
          let key = Sample.key(label, layer: layer, element)
          #expect(try snapshot.blob(key, expecting: Sample.layout(3, element))?.isSample(key) == true)
        }
      }
    }
  }

  @Test func throughAFile() throws {
    let source = try filled()
    let exported = try source.export(toFile: archive)
    #expect(exported.versions.count == 3)
    #expect((exported.encodings, exported.present) == (4, 1))
    let target = try store("target")
    let imported = try target.importVersions(fromFile: archive)
    #expect(imported.versions == exported.versions)
    #expect((imported.encodings, imported.presentEncodings) == (4, 0))
    try expectSame(source, target)
    let again = try target.importVersions(fromFile: archive)
    #expect((again.versions, again.presentVersions) == ([], 3))
    #expect((again.encodings, again.presentEncodings) == (0, 4))
    try expectSame(source, target)
    #expect(folder.files().contains { $0.hasSuffix(".new") } == false)
  }

  @Test func throughAFolder() throws {
    let source = try filled()
    let exported = try source.export(toFolder: mirror)
    #expect((exported.encodings, exported.present) == (4, 1))
    let files = folder.files(in: "mirror")
    #expect(files.count == 1 + 4 + 3)
    let target = try store("target")
    #expect(try target.importVersions(fromFolder: mirror).versions == exported.versions)
    try expectSame(source, target)
    // A new version brings what is new.
    try source.write { (batch) throws(StoreError) in try batch.recordSample("s", "four", encodings: ["c", "e"]) }
    let next = try source.export(toFolder: mirror)
    #expect((next.encodings, next.present) == (1, 6))
    #expect(folder.files(in: "mirror").count == files.count + 2)
    #expect(try target.importVersions(fromFolder: mirror).encodings == 1)
    try expectSame(source, target)
  }

  /// Layers that keep the last tokens alone go as they are, and are what layers with all tokens are.
  @Test(arguments: [[100, 20, 20], [20, 20, 20], [20, 100, 36]])
  func layersOfDifferentLengths(tokens: [Int]) throws {
    func fill(_ store: StateStore, _ tokens: [Int]) throws {
      try store.write { (batch) throws(StoreError) in
        for (layer, tokens) in tokens.enumerated() {
          try batch.putSample(Sample.key("a", layer: layer), tokens: tokens)
        }
        try batch.recordSample("s", encodings: ["a", "b"], layers: 3)
      }
    }
    func lengths(in store: StateStore) throws -> [Int] {
      let snapshot = try store.snapshot()
      return try (0..<3).map { layer in
        let key = Sample.key("a", layer: layer)
        let blob = [20, 36, 100].lazy.compactMap { try? snapshot.blob(key, expecting: Sample.layout($0)) }.first
        #expect(blob?.isSample(key) == true)
        return try #require(blob).layout.tokens
      }
    }
    let source = try store("source")
    try fill(source, tokens)
    let byteCount = (tokens + [3, 3, 3]).reduce(0) { $0 + Sample.layout($1).byteCount }
    let report = try source.export(toFile: archive)
    let folderReport = try source.export(toFolder: mirror)
    #expect(folderReport.byteCount == report.byteCount)
    // Only what a head of format 1 cannot say has another.
    let formats = try folder.files(in: "mirror").filter { $0.contains("states/") }.map { name in
      try Data(contentsOf: URL(filePath: folder.path("mirror/\(name)")))[8]
    }
    #expect(formats.sorted() == [1, Set(tokens).count == 1 ? 1 : 2])
    for (index, export) in [archive, mirror].enumerated() {
      let target = try store("target \(index)")
      let imported =
        try index == 0 ? target.importVersions(fromFile: export) : target.importVersions(fromFolder: export)
      #expect(imported.encodings == 2 && imported.byteCount == byteCount)
      #expect(try lengths(in: target) == tokens)
      #expect(try target.verify().isSound)
      #expect(try target.list().map(\.byteCount) == source.list().map(\.byteCount))
    }
    // A store whose layers have all tokens has the encoding; one where they are another text's has not.
    let older = try store("older")
    try fill(older, [100, 100, 100])
    #expect(try older.importVersions(fromFile: archive).presentEncodings == 2)
    #expect(try lengths(in: older) == [100, 100, 100])
    let other = try store("other")
    try fill(other, [100, 100, 99])
    #expect(throws: StoreError.self) { try other.importVersions(fromFile: archive) }
  }

  @Test func someVersions() throws {
    let source = try filled()
    let name = VersionName(model: Sample.model, schema: "s", number: 2)
    #expect(try source.export([name], toFile: archive).encodings == 2)
    let target = try store("target")
    #expect(try target.importVersions(fromFile: archive).versions == [name])
    #expect(try target.snapshot().contains(Sample.key("a")) == false)
    let missing = VersionName(model: Sample.model, schema: "s", number: 7)
    #expect(throws: StoreError.noVersion(missing)) { try source.export([missing], toFile: folder.path("none")) }
  }

  @Test func intoAnotherNamespace() throws {
    let source = try filled()
    _ = try source.export(toFile: archive)
    let target = try store("source", namespace: "other")
    #expect(try target.importVersions(fromFile: archive).encodings == 4)
    try expectSame(source, target)
  }

  /// A number that another version has here stays that one's: the new one becomes the newest.
  @Test func takenNumbers() throws {
    let source = try filled()
    _ = try source.export(toFile: archive)
    let target = try store("target")
    try target.write { (batch) throws(StoreError) in try batch.recordSample("s", "mine", encodings: ["z"]) }
    let imported = try target.importVersions(fromFile: archive)
    #expect(imported.versions.map { "\($0.schema) \($0.number)" } == ["r 1", "s 2", "s 3"])
    let lowered = try target.snapshot().versions(model: Sample.model, schema: "s").map(\.lowered)
    #expect(lowered == ["mine", "one", "two"].map { Array($0.utf8) })
  }

  // MARK: - Damage

  @Test func nothingDamagedGoesOut() throws {
    do { _ = try filled() }
    let path = folder.path("source")
    let key = Sample.key("b", layer: 1)
    try DataFile(path).flip(bit: 0, at: DataFile(path).offset(of: key, tokens: 3) + 100)
    let source = try store("source")
    #expect(throws: StoreError.self) { try source.export(toFile: archive) }
    #expect(FileManager.default.fileExists(atPath: archive) == false)
    #expect(folder.files().contains { $0.hasPrefix("versions.archive") } == false)
  }

  /// Whatever byte of an archive is changed, or wherever it ends: an error, and the store as it was.
  @Test func damagedFiles() throws {
    let source = try filled()
    _ = try source.export(toFile: archive)
    // Each layer is committed by itself, so that what came before the damage has to be removed again.
    var options = StoreOptions()
    options.importCommitByteCount = 1
    let target = try StateStore(at: folder.path("target"), options: options)
    try target.write { (batch) throws(StoreError) in try batch.recordSample("s", "mine", encodings: ["a"]) }
    let (before, blobs) = (try target.snapshot().versions(), try target.statistics().namespaces)
    let whole = try Data(contentsOf: URL(filePath: archive))
    var random = SeededRandom(seed: 3)
    let changes = (0..<16).map { $0 } + (0..<80).map { _ in Int.random(in: 16..<whole.count, using: &random) }
    for offset in changes {
      var bytes = whole
      bytes[offset] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      try folder.write(bytes, to: "damaged")
      #expect(throws: StoreError.self, "byte \(offset)") { try target.importVersions(fromFile: folder.path("damaged")) }
    }
    for length in stride(from: 0, to: whole.count, by: max(1, whole.count / 40)) {
      try folder.write(whole.prefix(length), to: "damaged")
      #expect(throws: StoreError.self, "\(length) bytes") {
        try target.importVersions(fromFile: folder.path("damaged"))
      }
    }
    #expect(try target.snapshot().versions() == before)
    #expect(try target.statistics().namespaces == blobs)
    #expect(try target.verify().isSound)
  }

  @Test func damagedFolders() throws {
    let source = try filled()
    _ = try source.export(toFolder: mirror)
    let target = try store("target")
    let files = folder.files(in: "mirror")
    for file in files {
      let path = "\(mirror)/\(file)"
      let whole = try Data(contentsOf: URL(filePath: path))
      for offset in [0, 20, 50, 90, 100, whole.count - 1] where offset < whole.count {
        var bytes = whole
        bytes[offset] ^= 1
        try folder.write(bytes, to: "mirror/\(file)")
        if file == "export.format" && offset > 20 { continue }
        #expect(throws: StoreError.self, "byte \(offset) of \(file)") { try target.importVersions(fromFolder: mirror) }
      }
      try FileManager.default.removeItem(atPath: path)
      if !file.hasPrefix("versions") {
        #expect(throws: StoreError.self, "no \(file)") { try target.importVersions(fromFolder: mirror) }
      }
      try folder.write(whole, to: "mirror/\(file)")
    }
    #expect(try target.statistics().namespaces.allSatisfy { $0.blobs == 0 })
    #expect(try target.importVersions(fromFolder: mirror).versions.count == 3)
    try expectSame(source, target)
  }

  /// Numbers that would ask for more memory than there is.
  @Test(arguments: [
    (UInt32.max, UInt32(1), UInt32(1), UInt32(1)), (70000, 1, 1, 1), (1, .max, .max, .max), (1, 1 << 20, 1 << 20, 16),
    (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 0, 1),
  ])
  func impossibleHeads(layers: UInt32, heads: UInt32, dimension: UInt32, tokens: UInt32) throws {
    let source = try store("source")
    try source.write { (batch) throws(StoreError) in try batch.recordSample("s", "one", encodings: ["a"], layers: 1) }
    _ = try source.export(toFolder: mirror)
    // The version's file, made to ask for another file of states, which says these numbers.
    let version = try #require(folder.files(in: "mirror/versions").first)
    var bytes = try Data(contentsOf: URL(filePath: "\(mirror)/versions/\(version)"))
    var head = Array("PCSTATES".utf8)
    for value in [1, layers] { head += Self.bytes(value) }
    head += Sample.model.bytes + Sample.digest("a").bytes
    for value in [2, heads, dimension, tokens] { head += Self.bytes(value) }
    head += Sample.digest("a layer").bytes
    let name = unsafe SHA256Digest(of: head.span.bytes)
    bytes.replaceSubrange(bytes.count - 32..<bytes.count, with: name.bytes)
    try FileManager.default.removeItem(atPath: "\(mirror)/versions/\(version)")
    let renamed = unsafe SHA256Digest(of: Array(bytes).span.bytes)
    try folder.write(bytes, to: "mirror/versions/\(renamed)")
    try folder.write(Data(head), to: "mirror/states/\(name.hexadecimal.prefix(2))/\(name)")
    let target = try store("target")
    #expect(throws: StoreError.self) { try target.importVersions(fromFolder: mirror) }
    #expect(try target.snapshot().versions().isEmpty)
    #expect(try target.statistics().namespaces.allSatisfy { $0.blobs == 0 })
  }

  @Test func otherFilesAndFolders() throws {
    let target = try store("target")
    #expect(throws: StoreError.notAnExport(path: folder.path("nothing"))) {
      try target.importVersions(fromFile: folder.path("nothing"))
    }
    try folder.write("some text, longer than sixteen bytes", to: "text")
    #expect(throws: StoreError.notAnExport(path: folder.path("text"))) {
      try target.importVersions(fromFile: folder.path("text"))
    }
    try folder.write("x", to: "other/file")
    #expect(throws: StoreError.notAnExport(path: folder.path("other"))) {
      try target.importVersions(fromFolder: folder.path("other"))
    }
    #expect(throws: StoreError.notAnExport(path: folder.path("other"))) {
      try target.export(toFolder: folder.path("other"))
    }
  }

  private static func bytes(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}
