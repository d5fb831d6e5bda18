import Foundation
import Store
import Testing

@Suite struct OpeningTests {
  private let folder = TemporaryFolder()

  @Test func createsForTheOwnerAlone() throws {
    let path = folder.appending("new/store")
    #expect(StateStore.exists(at: path) == false)
    let store = try StateStore(at: path)
    try store.write { (batch) throws(StoreError) in try batch.setMemo("a", [1]) }
    #expect(StateStore.exists(at: path))
    #expect(try mode(folder.appending("new")) == 0o700)
    #expect(try mode(path) == 0o700)
    let names = try FileManager.default.contentsOfDirectory(atPath: path)
    #expect(Set(names) == ["access.lock", "data.mdb", "lock.mdb", "store.format"])
    for name in names { #expect(try mode("\(path)/\(name)") == 0o600, "\(name)") }
  }

  @Test func readingCreatesNothing() throws {
    let path = folder.appending("store")
    for path in [path, folder.path] {
      #expect(throws: StoreError.noStore(path: path)) {
        try StateStore(at: path, options: StoreOptions(readOnly: true))
      }
    }
    #expect(folder.names == [])
  }

  @Test func readOnlyHandleDoesNotWrite() throws {
    try StateStore(at: folder.path).write { (batch) throws(StoreError) in try batch.setMemo("a", [1]) }
    let store = try StateStore(at: folder.path, options: StoreOptions(readOnly: true))
    #expect(try store.snapshot().memo("a") == [1])
    #expect(throws: StoreError.readOnly(path: folder.path)) {
      try store.write { (batch) throws(StoreError) in try batch.setMemo("a", [2]) }
    }
  }

  /// Handles by several paths share one environment, which stays open until the last of them goes.
  @Test func onePerProcess() throws {
    let link = folder.appending("link")
    let path = folder.appending("store")
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
      let store = try StateStore(at: folder.path)
      try store.write { (batch) throws(StoreError) in try batch.setMemo("\(number)", [UInt8(number)]) }
      #expect(try (1...number).allSatisfy { try store.snapshot().memo("\($0)") == [UInt8($0)] })
    }
  }

  @Test func foreignFolderIsLeftAlone() throws {
    try Data("notes".utf8).write(to: URL(filePath: folder.appending("notes.txt")))
    #expect(throws: StoreError.notAStore(path: folder.path, reason: "it holds `notes.txt` and no `store.format`")) {
      try StateStore(at: folder.path)
    }
    #expect(folder.names == ["notes.txt"])
    let file = folder.appending("notes.txt")
    #expect(throws: StoreError.notAFolder(path: file)) { try StateStore(at: file) }
    #expect(throws: StoreError.notAFolder(path: "\(file)/store")) { try StateStore(at: "\(file)/store") }
  }

  @Test func foreignDatabaseIsLeftAlone() throws {
    try Data(repeating: 7, count: 8192).write(to: URL(filePath: folder.appending("data.mdb")))
    #expect(throws: StoreError.notAStore(path: folder.path, reason: "it holds `data.mdb` and no `store.format`")) {
      try StateStore(at: folder.path)
    }
    #expect(folder.names == ["data.mdb"])
  }

  @Test func otherFormats() throws {
    _ = try StateStore(at: folder.path)
    let marker = URL(filePath: folder.appending("store.format"))
    try Data("prompt-cache store\nformat 2\n".utf8).write(to: marker)
    #expect(throws: StoreError.newerFormat(path: folder.path, found: 2, supported: 1)) {
      try StateStore(at: folder.path)
    }
    for text in ["", "prompt-cache store\nformat \n", "prompt-cache store\nformat -1\n", "something else"] {
      try Data(text.utf8).write(to: marker)
      #expect(throws: StoreError.self, "\(text)") { try StateStore(at: folder.path) }
    }
  }

  @Test func halfMadeStoresAreFinished() throws {
    let names = ["store.format", "access.lock", "data.mdb", "lock.mdb"]
    for count in 0...4 {
      let path = folder.appending("\(count)")
      makeFolder(path)
      for name in names.prefix(count) {
        let text = name == "store.format" ? "prompt-cache store\nformat 1\n" : ""
        try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
        setMode("\(path)/\(name)", 0o600)
      }
      #expect(StateStore.exists(at: path) == false)
      #expect(throws: StoreError.noStore(path: path)) {
        try StateStore(at: path, options: StoreOptions(readOnly: true))
      }
      let store = try StateStore(at: path)
      try store.write { (batch) throws(StoreError) in try batch.setMemo("a", [1]) }
    }
  }

  @Test func truncatedFile() throws {
    var store: StateStore? = try StateStore(at: folder.path)
    try store?.write { (batch) throws(StoreError) in
      for number in 0..<50 { try batch.putSample(Sample.key("\(number)"), tokens: 100) }
    }
    store = nil
    let data = folder.appending("data.mdb")
    let whole = fileByteCount(data)
    for byteCount in [whole - 1, whole / 2, 3 * 4096, 8192] {
      try cut(data, to: byteCount)
      #expect(throws: StoreError.truncated(path: data, byteCount: byteCount, expected: whole)) {
        try StateStore(at: folder.path)
      }
    }
    try cut(data, to: 100)
    #expect(throws: StoreError.self) { try StateStore(at: folder.path) }
  }

  @Test func writableByOthers() throws {
    _ = try StateStore(at: folder.path)
    setMode(folder.path, 0o770)
    #expect(throws: StoreError.writableByOthers(path: folder.path, mode: 0o770)) { try StateStore(at: folder.path) }
    setMode(folder.path, 0o700)
    setMode(folder.appending("data.mdb"), 0o602)
    #expect(throws: StoreError.writableByOthers(path: folder.appending("data.mdb"), mode: 0o602)) {
      try StateStore(at: folder.path)
    }
  }

  private func mode(_ path: String) throws -> Int {
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    return try #require(mode)
  }
}
