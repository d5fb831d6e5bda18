import ContentHash
import FileSystem
import Foundation
import Store
import StoreTestSupport
import TestSupport
import Testing

/// Files that programs derived from models, beside the database.
@Suite struct DerivedFilesTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("store") }
  private let other = SHA256Digest(of: "another model")

  init() throws { folder = try TemporaryFolder() }

  private func put(_ names: String...) throws {
    for name in names { try folder.write(Data(repeating: 1, count: 10_000), to: "store/prepared/\(name)") }
  }

  private func left() -> [String] { folder.files(in: "store/prepared") }

  /// Whether there is a folder for them; a store that may write makes one.
  private func isThere(_ store: StateStore) throws(StoreError) -> Bool {
    guard let folder = try store.derivedFolder() else { return false }
    return folder.path == FilePath(path).appending("prepared")
  }

  @Test func theFolderIsTheOwnersAlone() throws {
    let store = try StateStore(at: path)
    let reading = try StateStore(at: path, options: StoreOptions(readOnly: true))
    #expect(try isThere(reading) == false)
    #expect(try isThere(store))
    #expect(try isThere(reading))
    let derived = folder.path("store/prepared")
    #expect(try FileStatus(of: FilePath(derived))?.mode == 0o700)
    setMode(derived, 0o777)
    #expect(throws: StoreError.writableByOthers(path: derived, mode: 0o777)) { try isThere(store) }
  }

  @Test func aFileGoesWithTheLastVersionForItsModel() throws {
    let store = try StateStore(at: path)
    try store.write { (batch) throws(StoreError) in try batch.recordSample("s", "1", encodings: ["own"]) }
    let tenant = try StateStore(at: path, options: StoreOptions(namespace: "tenant"))
    try tenant.write { (batch) throws(StoreError) in try batch.recordSample("s", "1", encodings: ["own"]) }
    try #require(try isThere(store))
    try put("\(Sample.model).safetensors", "\(Sample.model).safetensors.new", "\(other).safetensors", "strange")
    #expect(try store.statistics().preparedFiles == 3)
    #expect(try store.statistics().preparedByteCount == 3 * 12_288)

    let plan = try store.collectGarbage(GarbagePolicy(), dryRun: true)
    #expect(left().count == 4)
    let report = try store.collectGarbage(GarbagePolicy())
    #expect(report == plan && report.preparedFiles == 1 && report.preparedByteCount == 12_288)
    // What is not ours to name is not ours to remove.
    #expect(left() == ["\(Sample.model).safetensors", "\(Sample.model).safetensors.new", "strange"])

    // Another tenant has a version for it.
    #expect(try store.collectGarbage(GarbagePolicy(keep: 0)).preparedFiles == 0)
    #expect(try tenant.collectGarbage(GarbagePolicy(keep: 0), dryRun: true).preparedFiles == 2)
    #expect(try tenant.collectGarbage(GarbagePolicy(keep: 0)).preparedFiles == 2)
    #expect(left() == ["strange"])
  }

  @Test func aFileInUseStays() throws {
    let store = try StateStore(at: path)
    try #require(try isThere(store))
    try put("\(other).safetensors")
    let descriptor = unsafe open(folder.path("store/prepared/\(other).safetensors"), O_RDONLY)
    try #require(flock(descriptor, LOCK_SH) == 0)
    #expect(try store.collectGarbage(GarbagePolicy(), dryRun: true).preparedFiles == 0)
    #expect(try store.collectGarbage(GarbagePolicy()).preparedFiles == 0)
    close(descriptor)
    #expect(try store.collectGarbage(GarbagePolicy()).preparedFiles == 1)
    #expect(left().isEmpty)
  }

  @Test func openingAndCompactingLeaveThemAlone() throws {
    do {
      let store = try StateStore(at: path)
      try #require(try isThere(store))
      try put("\(other).safetensors")
    }
    _ = try StateStore.compact(at: path)
    _ = try StateStore(at: path)
    #expect(left() == ["\(other).safetensors"])
  }
}
