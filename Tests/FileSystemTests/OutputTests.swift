import FileSystem
import Foundation
import Testing

@Suite struct OutputTests {
  private let folder: URL

  init() throws {
    folder = URL(filePath: NSTemporaryDirectory()).appending(path: "output-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func path(_ name: String) -> FilePath { FilePath(folder.appending(path: name).path()) }
  private func text(_ name: String) throws -> String {
    try String(contentsOf: folder.appending(path: name), encoding: .utf8)
  }
  private func write(_ text: String, to path: FilePath) throws {
    let output = try Output(path)
    try output.write(Array(text.utf8))
    try output.finish()
  }

  @Test func aFileStaysAsItWasUntilTheNewOneIsFinished() throws {
    try write("old", to: path("file"))
    let output = try Output(path("file"))
    try output.write(Array("new".utf8))
    #expect(try text("file") == "old")
    try output.finish()
    #expect(try text("file") == "new")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path()) == ["file"])
  }

  @Test func linksStayLinks() throws {
    try FileManager.default.createSymbolicLink(
      atPath: folder.appending(path: "link").path(), withDestinationPath: "file")
    // First where there is nothing behind it, then where there is.
    for contents in ["one", "two"] {
      try write(contents, to: path("link"))
      #expect(try text("file") == contents)
      #expect(
        try FileManager.default.destinationOfSymbolicLink(atPath: folder.appending(path: "link").path()) == "file")
    }
  }

  @Test func permissionsAreKept() throws {
    try write("old", to: path("file"))
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o640], ofItemAtPath: folder.appending(path: "file").path())
    try write("new", to: path("file"))
    #expect(try FileStatus(of: path("file"))?.mode == 0o640)
  }

  @Test func devicesAreWrittenToAsTheyStand() throws {
    try write("gone", to: "/dev/null")
    #expect(try FileStatus(of: "/dev/null")?.kind == .device)
  }

  /// A file that this process has open, such as a log that standard output goes to, is written to where it stands.
  @Test(arguments: ["/proc/self/fd", "/dev/fd"]) func openFilesAreWrittenToAsTheyStand(names: String) throws {
    let log = try Folder(path("")).open("log", .creatingNew(permissions: 0o600))
    try log.write(Array("kept, ".utf8))
    let identity = try log.status().identity
    try write("added", to: FilePath("\(names)/\(log.descriptor)"))
    #expect(try text("log") == "kept, added")
    #expect(try FileStatus(of: path("log"))?.identity == identity)
  }

  /// Another holder of a pipe or terminal may have set it not to let anyone wait.
  @Test(.timeLimit(.minutes(20)))
  func aPipeThatLetsNobodyWaitGetsAll() throws {
    var ends: [Int32] = [0, 0]
    try #require(unsafe pipe(&ends) == 0)
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    let reader = OpenFile(takingOver: ends[0], path: "reader")
    let writer = OpenFile(takingOver: ends[1], path: "writer")
    let path = FilePath("/dev/fd/\(writer.descriptor)")
    let bytes = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    // A thread of its own: tests share a few, and this one waits.
    Thread {
      do { try Output(path).write(bytes) } catch { Issue.record("\(error)") }
    }.start()
    usleep(20_000)
    #expect(try reader.read(atMost: bytes.count) == bytes)
    _ = consume writer
  }

  @Test func aFolderIsNoFile() throws {
    let folder = path("")
    #expect(throws: SystemFailure.self) { try Output(folder) }
  }

  @Test(.timeLimit(.minutes(20)))
  func aPipeGetsWhatIsWritten() throws {
    let pipe = path("pipe")
    #expect(unsafe mkfifo(pipe.description, 0o600) == 0)
    Thread {
      do {
        let output = try Output(pipe)
        try output.write(Array("through".utf8))
        try output.finish()
      } catch { Issue.record("\(error)") }
    }.start()
    let reader = unsafe OpenFile(takingOver: open(pipe.description, O_RDONLY), path: pipe)
    #expect(try reader.read(atMost: 100) == Array("through".utf8))
    #expect(try FileStatus(of: pipe)?.kind == .pipe)
  }
}
