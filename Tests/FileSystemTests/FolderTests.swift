import FileSystem
import Foundation
import Testing

@Suite struct FolderTests {
  private let root: URL
  private var path: FilePath { FilePath(root.path()) }

  init() throws {
    root = URL(filePath: NSTemporaryDirectory()).appending(path: "folder-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
  }

  private func write(_ text: String, to name: FilePath, in folder: borrowing Folder) throws {
    let file = try NewFile(name, in: folder.again())
    try file.write(Array(text.utf8))
    try file.finish()
  }

  private func read(_ name: FilePath, in folder: borrowing Folder) throws -> String {
    String(decoding: try folder.open(name, .reading).read(atMost: 1000), as: UTF8.self)
  }

  /// Whatever has the folder's name, calls reach the folder that was opened.
  @Test func itIsTheFolderThatWasOpened() throws {
    let folder = try Folder.making(path.appending("one"), permissions: 0o700)
    try write("mine", to: "file", in: folder)
    try Folder(path).rename("one", to: "two")
    let other = try Folder.making(path.appending("one"), permissions: 0o700)
    try write("theirs", to: "file", in: other)
    #expect(try read("file", in: folder) == "mine")
    #expect(try folder.again().names() == ["file"])
    try folder.makeFolder("inside", permissions: 0o700)
    #expect(try FileStatus(of: path.appending("two/inside"))?.kind == .folder)
    #expect(try FileStatus(of: path.appending("one/inside")) == nil)
    #expect(try folder.status().identity == FileStatus(of: path.appending("two"))?.identity)
    #expect(try FileStatus(of: folder.pathOfDescriptor)?.identity == folder.status().identity)
  }

  @Test func missingFoldersAreMade() throws {
    let deep = path.appending("a/b/c")
    #expect(try Folder.making(deep, permissions: 0o710).path == deep)
    for name in ["a", "a/b", "a/b/c"] as [FilePath] {
      #expect(try FileStatus(of: path.appending(name))?.mode == 0o710)
    }
    // What is there stays as it is.
    #expect(try Folder.making(deep, permissions: 0o700).status().mode == 0o710)
    try write("", to: "file", in: Folder(path))
    #expect(throws: SystemFailure("open", path.appending("file/x"), code: ENOTDIR)) {
      _ = try Folder.making(path.appending("file/x"), permissions: 0o700)
    }
  }

  @Test func namesKeepTheirBytes() throws {
    let folder = try Folder(path)
    for byte in [0xE8, 0xE9] as [UInt8] { try write("\(byte)", to: FilePath(bytes: [0x74, byte]), in: folder) }
    #expect(try folder.names() == [FilePath(bytes: [0x74, 0xE8]), FilePath(bytes: [0x74, 0xE9])])
    #expect(try read(FilePath(bytes: [0x74, 0xE9]), in: folder) == "233")
  }

  @Test func linksAreNotFollowed() throws {
    let folder = try Folder(path)
    try write("secret", to: "file", in: folder)
    try FileManager.default.createSymbolicLink(
      atPath: root.appending(path: "link").path(), withDestinationPath: "file")
    try FileManager.default.createSymbolicLink(atPath: root.appending(path: "loop").path(), withDestinationPath: ".")
    #expect(throws: SystemFailure("open", path.appending("link"), code: ELOOP)) {
      _ = try folder.open("link", .reading)
    }
    #expect(throws: SystemFailure.self) { _ = try folder.folder("loop") }
    #expect(try folder.status(of: "link")?.kind == .link)
    #expect(try folder.status(of: "missing") == nil)
  }

  @Test(.timeLimit(.minutes(20)))
  func pipesDoNotKeepAnybodyWaiting() throws {
    let folder = try Folder(path)
    #expect(unsafe mkfifo(root.appending(path: "pipe").path(), 0o600) == 0)
    #expect(try folder.open("pipe", .reading).status().kind == .pipe)
    #expect(throws: SystemFailure.self) { _ = try folder.open("pipe", .writing) }
    #expect(throws: SystemFailure.self) { _ = try folder.folder("pipe") }
    #expect(throws: SystemFailure.self) { _ = try Folder(path.appending("pipe")) }
  }

  @Test func filesAreMovedAndRemoved() throws {
    let folder = try Folder(path)
    try folder.makeFolder("sub", permissions: 0o700)
    let sub = try folder.folder("sub")
    try write("old", to: "file", in: folder)
    try write("new", to: "file", in: sub)
    #expect(throws: SystemFailure.self) { try folder.removeFolder("sub") }
    try sub.rename("file", to: "file", in: folder)
    #expect(try read("file", in: folder) == "new")
    try folder.removeFolder("sub")
    try folder.remove("file")
    #expect(try folder.names().isEmpty)
  }

  @Test func aFileThatIsNotFinishedLeavesNothing() throws {
    let folder = try Folder(path)
    try write("old", to: "file", in: folder)
    do {
      let file = try NewFile("file", in: folder.again(), permissions: 0o604)
      try file.write([1, 2, 3])
    }
    #expect(try folder.names() == ["file"])
    #expect(try read("file", in: folder) == "old")
    let file = try NewFile("file", in: folder.again(), permissions: 0o604)
    try file.finish()
    #expect(try folder.status(of: "file")?.mode == 0o604)
  }

  @Test func locksKeepOthersOut() throws {
    let folder = try Folder(path)
    try write("", to: "file", in: folder)
    let one = try folder.open("file", .reading)
    let two = try folder.open("file", .reading)
    one.lock(.shared)
    let (isShared, isExclusive) = (two.tryLock(.shared), one.tryLock(.exclusive))
    #expect(isShared && !isExclusive)
    _ = consume two
    let isFree = one.tryLock(.exclusive)
    #expect(isFree)
  }
}
