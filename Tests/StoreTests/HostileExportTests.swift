import ContentHash
import FileSystem
import Foundation
import KVCacheFormat
import StoreTestSupport
import TestSupport
import Testing

import Store

/// Exports whose hashes are right, and in which all else may be wrong.
@Suite struct HostileExportTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A store with version 1 of "s", of encoding "a".
  private func filled(options: StoreOptions = .init()) throws -> StateStore {
    let store = try StateStore(at: folder.path("store"), options: options)
    try store.write { (batch) throws(StoreError) in try batch.recordSample("s", "mine", encodings: ["a"]) }
    return store
  }

  @discardableResult
  private func take(_ export: HostileExport, into store: StateStore) throws -> ImportReport {
    try store.importVersions(fromFile: folder.write(Data(export.archive), to: "archive"))
  }

  /// Checks that the store has what `filled` put there, and nothing else.
  private func expectAsItWas(_ store: StateStore, versions: Int = 1) throws {
    let snapshot = try store.snapshot()
    #expect(try snapshot.versions().count == versions)
    for layer in 0..<2 {
      let key = Sample.key("a", layer: layer)
      #expect(try snapshot.blob(key, expecting: Sample.layout(3))?.isSample(key) == true)
    }
    #expect(try store.statistics().namespaces.map(\.blobs) == [2])
    #expect(try store.verify().isSound)
  }

  // MARK: - What is there

  @Test(arguments: [(3, 3, 2, 8), (1, 3, 2, 8), (2, 5, 2, 8), (2, 40, 2, 8), (2, 3, 4, 4), (2, 3, 1, 16)])
  func otherLayoutsOfWhatIsThere(layers: Int, tokens: Int, heads: Int, dimension: Int) throws {
    let store = try filled()
    var export = HostileExport()
    export.states[0].layers = layers
    export.states[0].tokens = tokens
    export.states[0].heads = heads
    export.states[0].headDimension = dimension
    #expect(throws: StoreError.self) { try take(export, into: store) }
    try expectAsItWas(store)
  }

  /// Heads that tell the tokens of each layer.
  @Test(arguments: [
    (2, 40, [40, 3], true), (2, 40, [40, 40], false), (2, 40, [3, 3], false), (2, 3, [3, 40], false),
    (2, 40, [40, 0], true), (3, 40, [40, 3], false), (1, 40, [40, 3], false),
    (2, 0xFFFF_FFFF, [0xFFFF_FFFF, 3], false),
  ])
  func headsOfLayersOfDifferentLengths(format: Int, most: Int, layers: [Int], isRight: Bool) throws {
    let store = try filled()
    var export = HostileExport()
    export.states[0].encoding = "b"
    export.versions[0].encodings = ["b"]
    export.states[0].format = format
    export.states[0].tokens = most
    export.states[0].layerTokens = layers
    if layers.contains(0xFFFF_FFFF) {
      export.states[0].hasPayloads = false
    }
    guard isRight else {
      #expect(throws: StoreError.self) { try take(export, into: store) }
      return try expectAsItWas(store)
    }
    #expect(try take(export, into: store).encodings == 1)
    for (layer, tokens) in layers.enumerated() {
      #expect(try store.snapshot().blob(Sample.key("b", layer: layer), expecting: Sample.layout(tokens)) != nil)
    }
    #expect(try store.verify().isSound)
  }

  /// Zeros where states are: the version may come in, the states stay.
  @Test func otherPayloadsOfWhatIsThere() throws {
    let store = try filled()
    var export = HostileExport()
    export.states[0].byte = { _, _ in 0 }
    let report = try take(export, into: store)
    #expect((report.encodings, report.presentEncodings) == (0, 1))
    try expectAsItWas(store, versions: 2)
  }

  /// Even damaged states are not replaced: whoever exports says what comes in their place.
  @Test func whatIsThereAndDamaged() throws {
    do { _ = try filled() }
    let data = DataFile(folder.path("store"))
    try data.flip(bit: 0, at: data.offset(of: Sample.key("a", layer: 1), tokens: 3) + 100)
    let store = try StateStore(at: folder.path("store"))
    let before = try store.verify().damage
    #expect(throws: StoreError.self) { try take(HostileExport(), into: store) }
    #expect(try store.verify().damage == before)
  }

  /// Numbers that are none, in each format.
  @Test(arguments: KVElement.allCases) func numbersThatAreNone(element: KVElement) throws {
    let store = try filled()
    var export = HostileExport()
    export.versions = []
    export.states[0].encoding = "new"
    export.states[0].element = element
    // The scales of a head of 8 numbers lie behind 16 × 8 bytes.
    let place = element == .q8 ? 129 : 63
    export.states[0].byte = { layer, offset in layer == 1 && [place, place - 1].contains(offset) ? 0xFF : 0 }
    #expect(throws: StoreError.self) { try take(export, into: store) }
    try expectAsItWas(store)
    export.states[0].byte = { layer, offset in layer == 1 && offset == place ? 0xBF : 0 }
    #expect(try take(export, into: store).encodings == 1)
  }

  /// The shape of a model's states is one.
  @Test func shapesOfOtherModels() throws {
    let store = try filled()
    var export = HostileExport(states: [.init(), .init(encoding: "new", heads: 3)])
    #expect(throws: StoreError.self) { try take(export, into: store) }
    export.states[1] = .init(encoding: "new", layers: 3)
    #expect(throws: StoreError.self) { try take(export, into: store) }
    try expectAsItWas(store)
    let empty = try StateStore(at: folder.path("empty"))
    export.states[0].encoding = "other"
    #expect(throws: StoreError.self) { try take(export, into: empty) }
    #expect(try empty.statistics().namespaces.allSatisfy { $0.blobs == 0 })
  }

  @Test func statesOfOtherEncodings() throws {
    let store = try StateStore(at: folder.path("empty"))
    var export = HostileExport()
    export.states[0].encoding = "b"
    #expect(throws: StoreError.self) { try take(export, into: store) }
    #expect(try store.statistics().namespaces.allSatisfy { $0.blobs == 0 })
  }

  // MARK: - Numbers

  @Test(arguments: [0, UInt64.max, 1 << 63, 1 << 63 - 1, 1 << 53 + 1] as [UInt64])
  func numbersOfNoVersion(number: UInt64) throws {
    let store = try filled()
    #expect(throws: StoreError.self) {
      try take(HostileExport(versions: [.init(schema: Array("t".utf8), number: number)]), into: store)
    }
    #expect(throws: StoreError.self) { try take(HostileExport(versions: [.init(time: number | 1 << 62)]), into: store) }
    try expectAsItWas(store)
  }

  /// A number so high that few are left: it becomes the next one, and others can follow.
  @Test(arguments: [1 << 53, 1 << 52 + 1] as [UInt64]) func highNumbers(number: UInt64) throws {
    let store = try filled()
    let report = try take(HostileExport(versions: [.init(number: number)]), into: store)
    #expect(report.versions.map(\.number) == [2])
    let next = try store.write { (batch) throws(StoreError) in try batch.recordSample("s", "next") }
    #expect(next.number == 3)
  }

  @Test func namesOfVersionsThatAreNone() throws {
    let store = try filled()
    for number in [Int.min, -1, 0, .max] {
      let name = VersionName(model: Sample.model, schema: "s", number: number)
      #expect(throws: StoreError.noVersion(name)) { try store.pin(name) }
      _ = try store.lease(name)
    }
  }

  // MARK: - Lengths

  /// An archive of some kilobytes that unpacks to gigabytes, taken in by another process: what it can have at most is
  /// looked at.
  @Test(arguments: ["states", "version", "long version"]) func bombs(kind: String) throws {
    var states = HostileExport.States(encoding: "new", layers: 1, tokens: 1 << 25)
    states.hasPayloads = false
    let content: [HostileExport.Part] =
      switch kind {
      case "states": [.bytes([1] + states.file.name + states.file.bytes), .zeros(states.layerByteCount)]
      case "version": [.bytes([2] + Sample.model.bytes + HostileExport.number(100 << 20, 8)), .zeros(100 << 20)]
      default: [.bytes([2] + Sample.model.bytes + HostileExport.number(1 << 30, 8)), .zeros(1 << 30)]
      }
    #expect(states.layerByteCount == 2 << 30)
    let bytes = HostileExport.head + HostileExport.frame(content)
    #expect(bytes.count < 100 << 10)
    let torture = try Torture("import", folder.path("store"), folder.write(Data(bytes), to: "archive"))
    torture.finish()
    #expect(torture.lines.count == 2 && torture.lines[0].hasPrefix("error: the export "), "\(torture.lines)")
    let megabytes = torture.lines.last.flatMap { Int($0.split(separator: " ").last ?? "") } ?? .max
    #expect(megabytes < 150, "\(torture.lines)")
  }

  /// What passes a limit by what its head says is not read at all.
  @Test func limits() throws {
    var export = HostileExport(states: [.init(encoding: "new", tokens: 1 << 20, hasPayloads: false)])
    export.versions = []
    let path = try folder.write(Data(export.archive), to: "archive")
    let limited = try filled(options: StoreOptions(maximumBytes: 64 << 20))
    #expect(throws: StoreError.storeFull(path: folder.path("store"), limit: 64 << 20)) {
      try limited.importVersions(fromFile: path)
    }
    let tenant = try StateStore(at: folder.path("store"), options: StoreOptions(maximumNamespaceBytes: 1 << 20))
    #expect(throws: StoreError.namespaceFull(namespace: "default", limit: 1 << 20)) {
      try tenant.importVersions(fromFile: path)
    }
    try expectAsItWas(limited)
  }

  @Test func bytesBehindTheEnd() throws {
    let store = try filled()
    for export in [
      HostileExport(behindList: [0]), HostileExport(behindList: Array(repeating: 7, count: 1 << 18)),
      HostileExport(behindFrame: [0]), HostileExport(behindFrame: HostileExport.frame([])),
      HostileExport(behindFrame: HostileExport().archive),
    ] {
      #expect(throws: StoreError.self) { try take(export, into: store) }
    }
    try expectAsItWas(store)
    #expect(try take(HostileExport(), into: store).versions.count == 1)
  }

  // MARK: - Names

  @Test func longNames() throws {
    let store = try filled()
    let long = Array(String(repeating: "n", count: 1025).utf8)
    for version in [HostileExport.Version(schema: long), .init(labels: [long]), .init(labels: [[1], [2]])] {
      #expect(throws: StoreError.self) { try take(HostileExport(versions: [version]), into: store) }
    }
    let name = String(decoding: long, as: UTF8.self)
    let error = StoreError.nameTooLong(name: String(name.prefix(60)), byteCount: 1025, limit: 1024)
    #expect(throws: error) {
      try store.write { (batch) throws(StoreError) in try batch.recordSample(name, encodings: ["a"]) }
    }
    #expect(throws: error) { try StateStore(at: folder.path("other"), options: StoreOptions(namespace: name)) }
    try expectAsItWas(store)
    let labelled = try store.write { (batch) throws(StoreError) in
      try batch.recordVersion(
        model: Sample.model, schema: "s", hash: Sample.digest("x"), lowered: [], element: .f16,
        encodings: [Sample.digest("a")], labels: [String(repeating: "ü", count: 2000)])
    }
    #expect(labelled.labels.map(\.utf8.count) == [1023])
    #expect(try store.snapshot().versions().last?.labels == labelled.labels)
  }

  // MARK: - Files that are none

  /// Runs what waits for somebody else: in a thread of its own, since the pool's are few and others need them.
  private func inThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Swift.Result(catching: body)) }
    }
  }

  @Test func pipesAndDevices() async throws {
    let store = try filled()
    let (pipe, archive) = (folder.path("pipe"), folder.path("archive"))
    try #require(unsafe mkfifo(pipe, 0o600) == 0)
    let target = try StateStore(at: folder.path("target"))
    // The writing end waits for a reader, for ever; the reading end for a writer, for some seconds, which a busy machine may
    // not keep. With this end open neither has to.
    let reader = unsafe open(pipe, O_RDONLY | O_NONBLOCK)
    try #require(reader >= 0)
    defer { close(reader) }
    async let exported = inThread { try store.export(toFile: pipe) }
    var request = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
    while unsafe poll(&request, 1, 0) == 0 { try await Task.sleep(for: .milliseconds(10)) }
    let imported = try await inThread { try target.importVersions(fromFile: pipe) }
    #expect(try await exported.versions == imported.versions)
    #expect(try FileStatus(of: FilePath(pipe))?.kind == .pipe)
    // A device that a link leads to, with and without leave to replace what is there.
    try FileManager.default.createSymbolicLink(atPath: archive, withDestinationPath: "/dev/null")
    for replacing in [false, true] {
      _ = try store.export(toFile: archive, replacing: replacing)
      #expect(try FileStatus(of: FilePath(archive))?.kind == .device)
    }
    #expect(throws: StoreError.notAnExport(path: archive)) { try target.importVersions(fromFile: archive) }
  }

  /// In a folder of an export, nothing waits for a pipe's other end.
  @Test func pipesInFolders() throws {
    let store = try filled()
    let mirror = folder.path("mirror")
    _ = try store.export(toFolder: mirror)
    let target = try StateStore(at: folder.path("target"))
    for file in folder.files(in: "mirror") {
      let path = "\(mirror)/\(file)"
      let whole = try Data(contentsOf: URL(filePath: path))
      try FileManager.default.removeItem(atPath: path)
      try #require(unsafe mkfifo(path, 0o600) == 0)
      #expect(throws: StoreError.self, "\(file)") { try target.importVersions(fromFolder: mirror) }
      try FileManager.default.removeItem(atPath: path)
      try folder.write(whole, to: "mirror/\(file)")
    }
    #expect(try target.importVersions(fromFolder: mirror).versions.count == 1)
  }
}
