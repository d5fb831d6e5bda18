import FileSystem
import Foundation
import Store
import StoreTestSupport
import TestSupport
import Testing

/// What containers do to a store: process numbers that are not unique, folders that can only be read, little memory.
@Suite struct ContainerTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("store") }

  init() throws { folder = try TemporaryFolder() }

  /// Several processes, each number 1 in its container, read and write one store.
  @Test(.enabled(if: Torture.canBeContained, "a space of process numbers takes root"))
  func manyProcessesOfOneNumber() throws {
    #expect(try Torture("write", path, "0", "10").finish() == 0)
    let readers = try (0..<2).map { _ in try Torture(contained: "read", path) }
    for reader in readers { reader.wait(lines: 2) }
    let writers = try (1...2).map { try Torture(contained: "write", path, "\($0)", "15") }
    for writer in writers { #expect(writer.finish() == 0, "\(writer.lines.last ?? "")") }
    for reader in readers {
      reader.wait(lines: reader.lines.count + 2)
      reader.kill()
      #expect(reader.lines.allSatisfy { $0 == "ready" || $0 == "whole" }, "\(reader.lines.last ?? "")")
      #expect(reader.lines.count > 2)
    }
    #expect(try StateStore(at: path).verify().isSound)
  }

  /// The pages that a snapshot shows stay as they are, whichever container it was made in; those of the dead are freed.
  @Test(.enabled(if: Torture.canBeContained, "a space of process numbers takes root"))
  func snapshotsInContainersCount() throws {
    do { _ = try StateStore(at: path) }
    let holders = try (0..<3).map { _ in try Torture(contained: "hold", path) }
    for holder in holders { holder.wait(lines: 1) }
    #expect(holders.allSatisfy { $0.lines == ["ready"] })
    let store = try StateStore(at: path)
    #expect(try store.statistics().readers.count == 3)
    // One that ends does not take the others' slots along.
    let passing = try Torture(contained: "open", path)
    #expect(passing.finish() == 0)
    #expect(try store.statistics().readers.count == 3)
    for holder in holders { holder.kill() }
    let other = try Torture(contained: "open", path)
    #expect(other.finish() == 0)
    #expect(try store.statistics().readers.isEmpty)
  }

  /// Killed in all sorts of moments, processes of one number leave a whole store.
  @Test(.enabled(if: Torture.canBeContained, "a space of process numbers takes root"))
  func killedInContainers() throws {
    let reader = try Torture(contained: "write", path, "99", "100000")
    reader.wait(lines: 1)
    var random = SeededRandom(seed: 3)
    for attempt in 0..<20 {
      let writer = try Torture(contained: "write", path, "\(attempt)")
      writer.wait(lines: Int.random(in: 0..<2, using: &random))
      usleep(UInt32.random(in: 1000..<20_000, using: &random))
      writer.kill()
    }
    #expect(!reader.isDone, "\(reader.lines.last ?? "")")
    reader.kill()
    #expect(try StateStore(at: path).verify().isSound)
  }

  // MARK: - Folders that can only be read

  /// A folder that this container may only read, and another one writes to.
  @Test(.enabled(if: SmallDisk.canBeMade("tmpfs"), "mounting a file system takes root"))
  func aMountThatCanOnlyBeRead() throws {
    do {
      let store = try StateStore(at: path)
      try store.write { (batch) throws(StoreError) in try batch.recordSample("s") }
      try store.age(["a"], to: [1])
    }
    let mount = folder.path("mount")
    makeFolder(mount)
    try #require(shell("mount --bind '\(path)' '\(mount)' && mount -o remount,bind,ro '\(mount)'"))
    defer { _ = shell("umount -l '\(mount)'") }
    #expect(throws: StoreError.readOnly(path: mount)) { try StateStore(at: mount) }
    let store = try StateStore(at: mount, options: StoreOptions(readOnly: true))
    let key = Sample.key("a")
    var snapshot: Snapshot? = try store.snapshot()
    #expect(try snapshot?.blob(key, expecting: Sample.layout(3))?.isSample(key) == true)
    #expect(try store.list().map(\.missing) == [0])
    #expect(try store.verify().isSound)
    #expect(store.recordUsesIfIdle() == false)
    #expect(try store.derivedFolder() == nil)

    // A writer elsewhere waits for the snapshot, which LMDB does not tell it of, and for nothing else.
    let writer = try Torture("write-one", path, "new")
    writer.wait(lines: 1)
    #expect(writer.lines == ["waiting"])
    snapshot = nil
    #expect(writer.finish() == 0)
    #expect(writer.lines == ["waiting", "written"])
    #expect(try store.snapshot().memo("new") == [1])
    // Compaction would take the file away.
    #expect(throws: StoreError.self) { try StateStore.compact(at: path) }
    let idle = try Torture("write-one", path, "newer")
    #expect(idle.finish() == 0)
    #expect(idle.lines == ["written"])
  }

  /// A store whose owner took the right to write to it away, from the files, the folder, or both.
  @Test(.enabled(if: geteuid() == 0, "becoming another user takes root"), arguments: [true, false], [true, false])
  func aStoreThatMayNotBeWritten(files: Bool, itself: Bool) throws {
    guard files || itself else { return }
    setMode(folder.path(""), 0o755)
    let home = folder.path("home")
    makeFolder(home)
    try setOwner(home, 65534)
    let store = "\(home)/store"
    #expect(try Torture("as", "65534", "open", store).finish() == 0)
    if files { for name in folder.files(in: "home/store") { setMode("\(store)/\(name)", 0o400) } }
    if itself { setMode(store, 0o500) }
    let reader = try Torture("as", "65534", "see", store)
    #expect(reader.finish() == 0)
    #expect(reader.lines == ["seen", "sound"])
    let writer = try Torture("as", "65534", "open", store)
    #expect(writer.finish() == (files ? 2 : 0))
    #expect(writer.lines == [files ? "error: the store in `\(store)` can only be read" : "opened"])
  }

  private func shell(_ command: String) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", command]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  // MARK: - Little address space

  /// Under a limit of address space (`ulimit -v`) the map is what can be had.
  @Test(arguments: [512, 2048])
  func littleAddressSpace(megabytes: Int) throws {
    #expect(try Torture("write", path, "1", "5").finish() == 0)
    let limit = "\(megabytes << 20)"
    #expect(try Torture("limited", limit, "write", path, "2", "5").finish() == 0)
    let reader = try Torture("limited", limit, "hold", path)
    reader.wait(lines: 1)
    #expect(reader.lines == ["ready"])
    #expect(try Torture("write", path, "3", "5").finish() == 0)
    #expect(try StateStore(at: path).verify().isSound)
  }

  /// A limit of the store's size is address space that it gets, though half of what there is would be less.
  @Test func addressSpaceForALimit() throws {
    let limit = "\(1 << 30)"
    let asked = try Torture("limited", limit, "map", path, "\(700 << 20)")
    #expect(asked.finish() == 0)
    #expect(asked.lines == ["\(700 << 20)"])
    // More than there is: half of what there is.
    let more = try Torture("limited", limit, "map", path, "\(2000 << 20)")
    #expect(more.finish() == 0)
    #expect(more.lines == ["\(256 << 20)"])
  }

  /// Where there is hardly any memory, each allocation changes the system's error number, even if it succeeds. What a
  /// call said counts.
  @Test func errorsOfCallsAreTheirOwn() throws {
    let first = try Torture("threaded", "open", folder.path("new/store"))
    #expect(first.finish() == 0)
    #expect(first.lines == ["opened"])
    let missing = try Torture("threaded", "see", path)
    #expect(missing.finish() == 2)
    #expect(missing.lines == ["error: there is no store in `\(path)`"])
  }

  /// A store beyond the limit, which no smaller map can do for.
  @Test func tooLittleAddressSpace() throws {
    do { _ = try StateStore(at: path) }
    // Both meta pages say that a gigabyte is in use.
    let file = DataFile(path)
    var bytes = try file.bytes
    for page in 0..<2 {
      bytes.replaceSubrange(page * 4096 + 136..<page * 4096 + 144, with: [255, 255, 3, 0, 0, 0, 0, 0])
    }
    try file.overwrite(bytes)
    try cut(file.path, to: 1 << 30)
    let limited = try Torture("limited", "\(512 << 20)", "hold", path)
    #expect(limited.finish() == 2)
    #expect(limited.lines.first?.contains("address space") == true, "\(limited.lines)")
  }

  /// Another process makes the store larger than this one's map.
  @Test func outgrownMap() throws {
    var options = StoreOptions()
    options.addressSpace = 1 << 21
    var store: StateStore? = try StateStore(at: path, options: options)
    #expect(try Torture("write", path, "1", "40").finish() == 0)
    #expect(throws: StoreError.addressSpace(path: path, byteCount: 1 << 21)) { try store?.snapshot() }
    store = nil
    // Opened again, it has the room that it needs.
    #expect(try StateStore(at: path, options: options).snapshot().versions().isEmpty == false)
  }
}
