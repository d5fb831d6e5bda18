import FileSystem
import Foundation
import Store
import StoreTestSupport
import TestSupport
import Testing

/// Folders and files that are not what their names promise.
@Suite struct UntrustedFolderTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("store") }

  init() throws { folder = try TemporaryFolder() }

  private func makePipe(_ path: String) {
    let made = unsafe mkfifo(path, 0o600)
    precondition(made == 0, "cannot make a pipe")
  }

  @Test func pathsKeepTheirBytes() throws {
    let root = FilePath(folder.path(""))
    let paths = [0xE8, 0xE9].map { root.appending(FilePath(bytes: [0x74, 0x2D, $0])) }
    let stores = try paths.map { try StateStore(at: $0) }
    try stores[0].write { (batch) throws(StoreError) in try batch.setMemo("a", [1]) }
    #expect(try stores[1].snapshot().memo("a") == nil)
    #expect(try StateStore(at: paths[0]).snapshot().memo("a") == [1])
    #expect(stores.map(\.path) == paths)
    #expect(paths.allSatisfy { StateStore.exists(at: $0) })
  }

  // MARK: - Not a regular file

  @Test(
    .timeLimit(.minutes(20)), arguments: ["store.format", "data.mdb", "lock.mdb", "access.lock"],
    ["a pipe", "a socket", "a folder", "a device"])
  func onlyFilesAreFiles(name: String, kind: String) throws {
    do { _ = try StateStore(at: path) }
    let file = folder.path("store/\(name)")
    try FileManager.default.removeItem(atPath: file)
    switch kind {
    case "a pipe": makePipe(file)
    case "a socket": try #require(unsafe mknod(file, S_IFSOCK | 0o600, 0) == 0)
    case "a folder": makeFolder(file)
    // The null device takes root.
    default: guard unsafe mknod(file, S_IFCHR | 0o600, 0x103) == 0 else { return }
    }
    let reason = "`\(name)` is \(kind) and not a file"
    for readOnly in [false, true] { try expectRefusal(reason, name: name, readOnly: readOnly) }
  }

  private func expectRefusal(_ reason: String, name: String, readOnly: Bool) throws {
    #expect(throws: StoreError.notAStore(path: path, reason: reason)) {
      try StateStore(at: path, options: StoreOptions(readOnly: readOnly))
    }
    #expect(throws: StoreError.notAStore(path: path, reason: reason)) { _ = try StateStore.compact(at: path) }
  }

  @Test(.timeLimit(.minutes(20)))
  func aPipeIsNoFolder() throws {
    makePipe(path)
    for readOnly in [false, true] {
      #expect(throws: StoreError.notAFolder(path: path)) {
        try StateStore(at: path, options: StoreOptions(readOnly: readOnly))
      }
    }
    #expect(StateStore.exists(at: path) == false)
    try FileManager.default.removeItem(atPath: path)
    let store = try StateStore(at: path)
    makePipe(folder.path("store/prepared"))
    #expect(throws: StoreError.notAFolder(path: folder.path("store/prepared"))) { _ = try store.derivedFolder() }
    try store.collectGarbage(GarbagePolicy())
  }

  @Test(.timeLimit(.minutes(20)))
  func aPipeAmongDerivedFilesIsLeftAlone() throws {
    let store = try StateStore(at: path)
    #expect(try store.derivedFolder() != nil)
    makePipe(folder.path("store/prepared/\(Sample.digest("gone")).safetensors"))
    #expect(try store.collectGarbage(GarbagePolicy()).preparedFiles == 0)
  }

  @Test(arguments: ["store.format", "data.mdb", "lock.mdb", "access.lock"])
  func linksAreNotFollowed(name: String) throws {
    do { _ = try StateStore(at: path) }
    let file = folder.path("store/\(name)")
    try FileManager.default.moveItem(atPath: file, toPath: folder.path("elsewhere"))
    try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: folder.path("elsewhere"))
    #expect(throws: StoreError.notAStore(path: path, reason: "`\(name)` is a link and not a file")) {
      try StateStore(at: path)
    }
  }

  @Test(arguments: ["store.format", "data.mdb", "lock.mdb", "access.lock"])
  func filesThatOthersMayWriteTo(name: String) throws {
    do { _ = try StateStore(at: path) }
    setMode(folder.path("store/\(name)"), 0o620)
    #expect(throws: StoreError.writableByOthers(path: folder.path("store/\(name)"), mode: 0o620)) {
      try StateStore(at: path)
    }
  }

  // MARK: - Other users

  @Test(
    .enabled(if: geteuid() == 0, "changing the owner takes root"), arguments: ["data.mdb", "lock.mdb", "access.lock"])
  func filesOfOtherUsers(name: String) throws {
    do { _ = try StateStore(at: path) }
    try setOwner(folder.path("store/\(name)"), 65534)
    #expect(throws: StoreError.otherOwner(path: folder.path("store/\(name)"), owner: 65534, user: 0)) {
      try StateStore(at: path)
    }
  }

  /// Two folders have one name in turn. What is opened is what was checked.
  @Test(.enabled(if: geteuid() == 0, "changing the owner takes root"))
  func foldersThatAreExchanged() throws {
    let (mine, theirs) = (folder.path("mine"), folder.path("theirs"))
    for (path, memo) in [(mine, 1), (theirs, 2)] as [(String, UInt8)] {
      try StateStore(at: path).write { (batch) throws(StoreError) in try batch.setMemo("whose", [memo]) }
    }
    for name in [""] + folder.files(in: "theirs") { try setOwner("\(theirs)/\(name)", 65534) }
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: mine)
    let isDone = Flag()
    let exchanging = Thread { [path] in
      while !isDone.isSet {
        for target in [mine, theirs] {
          _ = unsafe symlink(target, path + ".new")
          _ = unsafe rename(path + ".new", path)
        }
      }
    }
    exchanging.start()
    defer { isDone.set() }
    var opened = 0
    for attempt in 0..<400 {
      do throws(StoreError) {
        let store = try StateStore(at: path, options: StoreOptions(readOnly: attempt % 2 == 0))
        #expect(try store.snapshot().memo("whose") == [1])
        opened += 1
      } catch {
        if case .otherOwner = error { continue }
        Issue.record("\(error)")
      }
    }
    #expect(opened > 0)
  }

  /// Two folders exchange their names, at once, all the time.
  @Test(.enabled(if: geteuid() == 0, "changing the owner takes root"))
  func namesThatAreExchanged() throws {
    let theirs = folder.path("theirs")
    for (path, memo) in [(path, 1), (theirs, 2)] as [(String, UInt8)] {
      try StateStore(at: path).write { (batch) throws(StoreError) in try batch.setMemo("whose", [memo]) }
    }
    for name in [""] + folder.files(in: "theirs") { try setOwner("\(theirs)/\(name)", 65534) }
    let isDone = Flag()
    // Swift's module of the C library lacks it.
    typealias Rename = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
    let exchanging = Thread { [path] in
      let rename = unsafe unsafeBitCast(dlsym(nil, "renameat2"), to: Rename.self)
      // RENAME_EXCHANGE
      while !isDone.isSet { _ = unsafe rename(AT_FDCWD, path, AT_FDCWD, theirs, 2) }
    }
    exchanging.start()
    defer { isDone.set() }
    var (opened, refused) = (0, 0)
    for attempt in 0..<400 {
      do throws(StoreError) {
        let store = try StateStore(at: path, options: StoreOptions(readOnly: attempt % 2 == 0))
        #expect(try store.snapshot().memo("whose") == [1])
        opened += 1
      } catch {
        if case .otherOwner = error { refused += 1 } else { Issue.record("\(error)") }
      }
    }
    #expect(opened > 0 && refused > 0)
  }

  /// Whatever the user's mask, new files are their owner's to use, and nobody else's.
  @Test(arguments: ["0", "177", "777"])
  func masks(mask: String) throws {
    let torture = try Torture("masked", mask, "open", folder.path("above/store"))
    #expect(torture.finish() == 0)
    let store = FilePath(folder.path("above/store"))
    for path in [store.parent, store] { #expect(try FileStatus(of: path)?.mode == 0o700) }
    for name in ["access.lock", "data.mdb", "lock.mdb", "store.format"] as [FilePath] {
      #expect(try FileStatus(of: store.appending(name))?.mode == 0o600, "\(name)")
    }
  }

  // MARK: - Numbers in the database

  /// Offsets in a meta page: the size of pages, the root of the tree of tables, the last page, the number of the commit.
  @Test(
    arguments: [40, 128, 136, 144], [0, 1, 3, 1 << 20, 1 << 31, 1 << 40, 1 << 52, UInt64(Int.max), .max - 1, .max])
  func numbersOfMetaPages(offset: Int, number: UInt64) throws {
    try StateStore(at: path).write { (batch) throws(StoreError) in try batch.recordSample("s") }
    let file = DataFile(path)
    let whole = try file.bytes
    for page in 0..<2 {
      var bytes = whole
      for byte in 0..<(offset == 40 ? 4 : 8) {
        bytes[page * 4096 + offset + byte] = UInt8(truncatingIfNeeded: number >> UInt64(8 * byte))
      }
      try file.overwrite(bytes)
      // An error or not: nobody crashes, and no memory is taken for what is not there.
      _ = try? StateStore(at: path).verify()
      _ = try? StateStore.compact(at: path, salvaging: true)
    }
  }

  /// Numbers anywhere in the index, read by what does without LMDB.
  @Test func numbersOfTheIndex() throws {
    try StateStore(at: path).write { (batch) throws(StoreError) in
      try batch.recordSample("schema", "one", encodings: (0..<20).map { "e\($0)" })
    }
    try StateStore(at: path).collectGarbage(GarbagePolicy(keep: 0))
    try StateStore(at: path).write { (batch) throws(StoreError) in
      try batch.recordSample("schema", "two", encodings: (0..<5).map { "e\($0)" })
    }
    let file = DataFile(path)
    let whole = try file.bytes
    let index = (2..<whole.count / 4096).filter { [1, 2, 4].contains(whole[$0 * 4096 + 10]) }
    var random = SeededRandom(seed: 5)
    for _ in 0..<200 {
      var bytes = whole
      let page = index.randomElement(using: &random) ?? 2
      let offset = page * 4096 + Int.random(in: 0..<2047, using: &random) * 2
      let number = [0, 1, 1 << 31, 1 << 52, UInt64(Int.max), .max - 1, .max].randomElement(using: &random) ?? 0
      for byte in 0..<min(8, 4096 - offset % 4096) {
        bytes[offset + byte] = UInt8(truncatingIfNeeded: number >> UInt64(8 * byte))
      }
      try file.overwrite(bytes)
      _ = try? StateStore.compact(at: path, salvaging: true)
    }
  }
}
