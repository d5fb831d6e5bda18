import Foundation
import KVCacheFormat
import Store
import StoreTestSupport
import TestSupport
import Testing

@Suite struct OpeningTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("store") }

  init() throws { folder = try TemporaryFolder() }

  @Test func createsForTheOwnerAlone() throws {
    let path = folder.path("new/store")
    #expect(StateStore.exists(at: path) == false)
    let store = try StateStore(at: path)
    try store.write { (batch) throws(StoreError) in try batch.setMemo("a", [1]) }
    #expect(StateStore.exists(at: path))
    #expect(try mode(folder.path("new")) == 0o700)
    #expect(try mode(path) == 0o700)
    #expect(names(path) == ["access.lock", "data.mdb", "lock.mdb", "store.format"])
    for name in names(path) { #expect(try mode("\(path)/\(name)") == 0o600, "\(name)") }
  }

  @Test func emptyFolderIsTaken() throws {
    makeFolder(path)
    setMode(path, 0o755)
    _ = try StateStore(at: path)
    #expect(try mode(path) == 0o700)
  }

  @Test func readingCreatesNothing() throws {
    #expect(throws: StoreError.noStore(path: path)) {
      try StateStore(at: path, options: StoreOptions(readOnly: true))
    }
    #expect(FileManager.default.fileExists(atPath: path) == false)
    makeFolder(path)
    #expect(throws: StoreError.noStore(path: path)) {
      try StateStore(at: path, options: StoreOptions(readOnly: true))
    }
    #expect(names(path) == [])
  }

  @Test func readOnlyHandleDoesNotWrite() throws {
    try StateStore(at: path).write { (batch) throws(StoreError) in try batch.setMemo("a", [1]) }
    let store = try StateStore(at: path, options: StoreOptions(readOnly: true))
    #expect(try store.snapshot().memo("a") == [1])
    #expect(throws: StoreError.readOnly(path: path)) {
      try store.write { (batch) throws(StoreError) in try batch.setMemo("a", [2]) }
    }
    #expect(throws: StoreError.readOnly(path: path)) { try store.collectGarbage(GarbagePolicy(keep: 0)) }
  }

  /// Handles by several paths share one environment, which stays open until the last of them goes.
  @Test func onePerProcess() throws {
    let link = folder.path("link")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    var first: StateStore? = try StateStore(at: path)
    let second = try StateStore(at: link, options: StoreOptions(readOnly: true))
    try first?.write { (batch) throws(StoreError) in try batch.setMemo("a", [1]) }
    #expect(try second.snapshot().memo("a") == [1])
    first = nil
    #expect(try second.snapshot().memo("a") == [1])
    let third = try StateStore(at: path)
    try third.write { (batch) throws(StoreError) in try batch.setMemo("a", [2]) }
    #expect(try second.snapshot().memo("a") == [2])
  }

  @Test func reopens() throws {
    for number in 1...5 {
      let store = try StateStore(at: path)
      try store.write { (batch) throws(StoreError) in try batch.setMemo("\(number)", [UInt8(number)]) }
      #expect(try (1...number).allSatisfy { try store.snapshot().memo("\($0)") == [UInt8($0)] })
    }
  }

  @Test func openedFromManyThreads() async throws {
    let path = path
    try await withThrowingTaskGroup { group in
      for number in 0..<32 {
        group.addTask {
          for _ in 0..<5 {
            let store = try StateStore(at: path)
            try store.write { (batch) throws(StoreError) in try batch.setMemo("\(number)", [UInt8(number)]) }
            #expect(try store.snapshot().memo("\(number)") == [UInt8(number)])
          }
        }
      }
      try await group.waitForAll()
    }
  }

  // MARK: - What is not a store

  @Test func foreignFolderIsLeftAlone() throws {
    makeFolder(path)
    try folder.write("notes", to: "store/notes.txt")
    #expect(throws: StoreError.notAStore(path: path, reason: "it holds `notes.txt` and no `store.format`")) {
      try StateStore(at: path)
    }
    #expect(names(path) == ["notes.txt"])
    let file = folder.path("store/notes.txt")
    #expect(throws: StoreError.notAFolder(path: file)) { try StateStore(at: file) }
    #expect(throws: StoreError.notAFolder(path: "\(file)/store")) { try StateStore(at: "\(file)/store") }
  }

  @Test func foreignDatabaseIsLeftAlone() throws {
    try folder.write(Data(repeating: 7, count: 8192), to: "store/data.mdb")
    #expect(throws: StoreError.notAStore(path: path, reason: "it holds `data.mdb` and no `store.format`")) {
      try StateStore(at: path)
    }
    #expect(names(path) == ["data.mdb"])
  }

  @Test func damagedMetaPages() throws {
    _ = try StateStore(at: path)
    try folder.write(Data(repeating: 7, count: 1 << 16), to: "store/data.mdb")
    setMode(folder.path("store/data.mdb"), 0o600)
    #expect(throws: StoreError.notAStore(path: path, reason: "`data.mdb` is not a database")) {
      try StateStore(at: path)
    }
  }

  @Test func otherFormats() throws {
    _ = try StateStore(at: path)
    try folder.write("prompt-cache store\nformat 2\n", to: "store/store.format")
    #expect(throws: StoreError.newerFormat(path: path, found: 2, supported: 1)) { try StateStore(at: path) }
    for text in ["", "prompt-cache store\nformat \n", "prompt-cache store\nformat -1\n", "something else"] {
      try folder.write(text, to: "store/store.format")
      #expect(throws: StoreError.notAStore(path: path, reason: "`store.format` is not the one of a store")) {
        try StateStore(at: path)
      }
    }
  }

  /// What a creation leaves that is killed between any two steps.
  @Test(arguments: 0...5)
  func halfMadeStoresAreFinished(steps: Int) throws {
    makeFolder(path)
    let files = [
      ("store.format.12-3.new", ""), ("store.format", "prompt-cache store\nformat 1\n"), ("access.lock", ""),
      ("lock.mdb", ""), ("data.mdb", ""),
    ]
    for (name, text) in files.prefix(steps) {
      try folder.write(text, to: "store/\(name)")
      setMode("\(path)/\(name)", 0o600)
    }
    #expect(StateStore.exists(at: path) == false)
    #expect(throws: StoreError.noStore(path: path)) {
      try StateStore(at: path, options: StoreOptions(readOnly: true))
    }
    let store = try StateStore(at: path)
    try store.write { (batch) throws(StoreError) in try batch.setMemo("a", [1]) }
    #expect(try store.snapshot().memo("a") == [1])
  }

  // MARK: - Cut off

  @Test func truncatedFile() throws {
    try fill()
    let data = folder.path("store/data.mdb")
    let whole = try StateStore(at: path).statistics().pages * 4096
    for byteCount in [whole - 4096, whole / 2, 3 * 4096, 8192] {
      try cut(data, to: byteCount)
      #expect(throws: StoreError.truncated(path: data, byteCount: byteCount, expected: whole)) {
        try StateStore(at: path)
      }
    }
    for byteCount in [8191, 100] {
      try cut(data, to: byteCount)
      #expect(throws: StoreError.self) { try StateStore(at: path) }
    }
  }

  /// Pages at the end that nothing uses may be missing: LMDB does not write those that one transaction took and gave
  /// back, and a kill may come before the file is made as long as it says.
  @Test func unusedPagesAtTheEndMayBeMissing() throws {
    try fill()
    let data = folder.path("store/data.mdb")
    do {
      let store = try StateStore(at: path)
      try store.write { (batch) throws(StoreError) in
        try batch.put(Sample.key("large"), layout: Sample.layout(2000)) { _ in }
        try batch.recordSample("s", encodings: (0..<50).map(String.init), layers: 1)
      }
      #expect(try store.collectGarbage(GarbagePolicy()).encodings == 1)
      // Each of these moves the pages of the index, to lower ones that are free.
      for number in 0..<10 {
        try store.write { (batch) throws(StoreError) in
          try batch.putSample(Sample.key("0"), tokens: 100)
          try batch.setMemo("\(number)", [])
          try batch.recordSample("s", "\(number)", encodings: ["0"], layers: 1)
        }
      }
    }
    let whole = try StateStore(at: path).statistics().pages * 4096
    try cut(data, to: whole - 4096)
    do {
      let store = try StateStore(at: path)
      #expect(try store.snapshot().contains(Sample.key("49")))
      #expect(try store.verify().isSound)
      try store.write { (batch) throws(StoreError) in try batch.setMemo("more", []) }
      #expect(try store.verify().isSound)
    }
    #expect(fileByteCount(data) >= whole)
  }

  private func fill() throws {
    let store = try StateStore(at: path)
    try store.write { (batch) throws(StoreError) in
      for number in 0..<50 { try batch.putSample(Sample.key("\(number)"), tokens: 100) }
    }
  }

  // MARK: - Rights

  @Test func writableByOthers() throws {
    _ = try StateStore(at: path)
    setMode(path, 0o770)
    #expect(throws: StoreError.writableByOthers(path: path, mode: 0o770)) { try StateStore(at: path) }
    setMode(path, 0o700)
    setMode(folder.path("store/data.mdb"), 0o602)
    #expect(throws: StoreError.writableByOthers(path: folder.path("store/data.mdb"), mode: 0o602)) {
      try StateStore(at: path)
    }
  }

  private func names(_ path: String) -> Set<String> {
    Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
  }

  private func mode(_ path: String) throws -> Int {
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    return try #require(mode)
  }
}
