import Foundation
import KVCacheFormat
import Store
import StoreTestSupport
import Synchronization
import TestSupport
import Testing

/// What only happens between processes, and to processes.
@Suite struct ProcessTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("store") }

  init() throws { folder = try TemporaryFolder() }

  /// Kills a writer 200 times (in the long tests 2,000), at random moments of opening, writing and collecting garbage. Each
  /// time all is whole, what it had said is committed is there, and the next one goes on.
  @Test func killedWriters() throws {
    var random = SeededRandom(seed: 1)
    var last = 0
    var rounds = 0
    let attempts = ProcessInfo.processInfo.environment["PMLC_LONG_TESTS"] == nil ? 200 : 2000
    for attempt in 0..<attempts {
      let writer = try Torture("write", path, "\(attempt)")
      writer.wait(lines: Int.random(in: 0..<4, using: &random))
      usleep(UInt32.random(in: 1000..<20_000, using: &random))
      writer.kill()
      let said = writer.lines.compactMap(Int.init)
      rounds += said.count
      last = said.last ?? last
      let store = try StateStore(at: path)
      let verification = try store.verify()
      #expect(verification.isSound, "attempt \(attempt): \(verification.damage)")
      let snapshot = try store.snapshot()
      let found = try Int(snapshot.memo("round")?.first ?? 0)
      #expect(found == last || found == (last + 1) % 256, "attempt \(attempt): \(found) after \(last)")
      last = found
      for version in try snapshot.versions() { try check(version, in: snapshot) }
    }
    #expect(rounds > attempts)
    #expect(try Torture("write", path, "0", "3").finish() == 0)
  }

  private func check(_ version: VersionRecord, in snapshot: Snapshot) throws {
    for key in version.encodingKeys { #expect(try snapshot.contains(key, layers: 3)) }
  }

  /// Readers in other processes never see a version that is not whole, whatever the writers do.
  @Test func readersSeeWholeVersions() throws {
    #expect(try Torture("write", path, "0", "10").finish() == 0)
    let readers = try (0..<2).map { _ in try Torture("read", path) }
    for reader in readers { reader.wait(lines: 1) }
    for seed in 1...2 {
      let writers = try (0..<2).map { try Torture("write", path, "\(seed * 10 + $0)", "20") }
      for writer in writers { #expect(writer.finish() == 0) }
    }
    for reader in readers {
      let count = reader.lines.count
      reader.wait(lines: count + 2)
      reader.kill()
      #expect(reader.lines.allSatisfy { $0 == "ready" || $0 == "whole" }, "\(reader.lines.last ?? "")")
      #expect(reader.lines.count > 2)
    }
    #expect(try StateStore(at: path).verify().isSound)
  }

  /// Many who find no store make one, together.
  @Test func createdByManyAtOnce() throws {
    for attempt in 0..<10 {
      let path = folder.path("new \(attempt)")
      let processes = try (0..<6).map { _ in try Torture("open", path) }
      for process in processes {
        #expect(process.finish() == 0)
        #expect(process.lines == ["opened"])
      }
      #expect(folder.files(in: "new \(attempt)") == ["access.lock", "data.mdb", "lock.mdb", "store.format"])
    }
  }

  /// Nothing that a warming has found there goes before its version is recorded, however often garbage is collected.
  @Test func collectionAmongWriters() throws {
    let writers = try (0..<3).map { try Torture("write", path, "\($0)", "15") }
    let store = try StateStore(at: path)
    while !writers.allSatisfy(\.isDone) { try store.collectGarbage(GarbagePolicy(keep: 1)) }
    for writer in writers { #expect(writer.finish() == 0, "\(writer.lines.last ?? "")") }
    for version in try store.snapshot().versions() { try check(version, in: store.snapshot()) }
  }

  @Test func writersWaitAndSaySo() throws {
    let waits = Mutex<[WriterWait]>([])
    let store = try StateStore(
      at: path, options: StoreOptions(onWait: { wait in waits.withLock { $0.append(wait) } }))
    let other = try Torture("write-slowly", path, "300")
    other.wait(lines: 1)
    try store.write { (batch) throws(StoreError) in try batch.setMemo("after", [1]) }
    #expect(waits.withLock { $0.map(\.process) } == [other.identifier])
    #expect(other.finish() == 0)
    #expect(try store.snapshot().memo("slowly") == [1])
  }

  @Test func killedWriterReleasesTheLock() throws {
    let store = try StateStore(at: path)
    let other = try Torture("write-slowly", path, "100000")
    other.wait(lines: 1)
    other.kill()
    try store.write { (batch) throws(StoreError) in try batch.setMemo("after", [1]) }
    #expect(try store.snapshot().memo("slowly") == nil)
  }

  /// A reader that died keeps its slot, and with it old pages, until the next opening clears it.
  @Test func deadReadersAreCleared() throws {
    do { _ = try StateStore(at: path) }
    let readers = try (0..<3).map { _ in try Torture("hold", path) }
    for reader in readers { reader.wait(lines: 1) }
    #expect(
      try StateStore(at: path).statistics().readers.compactMap(\.process).sorted() == readers.map(\.identifier).sorted()
    )
    for reader in readers { reader.kill() }
    #expect(try StateStore(at: path).statistics().readers.isEmpty)
  }

  @Test func leasesOfOtherProcesses() throws {
    let store = try StateStore(at: path)
    try store.write { (batch) throws(StoreError) in
      for number in 1...3 { try batch.recordSample("s", "\(number)", encodings: ["e\(number)"]) }
    }
    let other = try Torture("lease", path, "s", "1")
    other.wait(lines: 1)
    let name = VersionName(model: Sample.model, schema: "s", number: 1)
    #expect(try store.collectGarbage(GarbagePolicy(keep: 1, maximumBytes: 0)).spared == [name])
    #expect(try store.list().map(\.number) == [1, 3])
    other.kill()
    #expect(try store.collectGarbage(GarbagePolicy(keep: 1)).versions == [name])
  }

  /// Whoever has a lease, and then finds the version, goes on to find it, however a collection in another process and the
  /// lease come together in time.
  @Test func leasesRaceWithCollections() throws {
    let store = try StateStore(at: path)
    func record(_ number: Int) throws {
      try store.write { (batch) throws(StoreError) in
        try batch.recordSample("s", "\(number)", encodings: ["e\(number)", "f\(number)"])
      }
    }
    try record(0)
    let others = try (0..<2).map { _ in try Torture("lease-often", path, "600") }
    for other in others { other.wait(lines: 1) }
    var (number, removed, spared) = (0, 0, 0)
    while !others.allSatisfy(\.isDone) {
      number += 1
      try record(number)
      let report = try store.collectGarbage(GarbagePolicy(keep: 1))
      removed += report.versions.count
      spared += report.spared.count
    }
    for other in others {
      #expect(other.finish() == 0)
      #expect(!other.lines.contains("lost") && other.lines.contains("kept"), "\(Set(other.lines))")
    }
    #expect(removed > 0 && spared > 0)
    #expect(try store.verify().isSound)
    #expect(try store.collectGarbage(GarbagePolicy(keep: 1)).spared.isEmpty)
    #expect(try store.list().map(\.number) == [number + 1])
  }

  @Test func compactionWaitsForNobody() throws {
    do { _ = try StateStore(at: path) }
    let other = try Torture("hold", path)
    other.wait(lines: 1)
    #expect(throws: StoreError.inUse(path: path, process: other.identifier)) { try StateStore.compact(at: path) }
    other.kill()
    _ = try StateStore.compact(at: path)
  }

  // MARK: - Rights and space

  @Test(.enabled(if: geteuid() == 0, "changing the user takes root"))
  func otherUsers() throws {
    do { _ = try StateStore(at: path) }
    setMode(folder.url.path(percentEncoded: false), 0o755)
    let stranger = try Torture("as", "65534", "open", path)
    #expect(stranger.finish() == 2)
    #expect(stranger.lines == ["error: `\(path)` belongs to user \(geteuid()), and this process runs as user 65534"])
    // The files of one user in the hands of another, who could change them.
    try setOwner(path, 65534)
    #expect(throws: StoreError.otherOwner(path: path, owner: 65534, user: geteuid())) { try StateStore(at: path) }
  }

  @Test(.enabled(if: geteuid() == 0, "changing the user takes root"))
  func foldersThatCannotBeWritten() throws {
    let closed = folder.path("closed")
    makeFolder(closed)
    setMode(closed, 0o555)
    setMode(folder.url.path(percentEncoded: false), 0o755)
    let stranger = try Torture("as", "65534", "open", "\(closed)/store")
    #expect(stranger.finish() == 2)
    #expect(stranger.lines == ["error: no permission to use `\(closed)/store`"])
    #expect(folder.files(in: "closed").isEmpty)
  }

  @Test(.enabled(if: SmallDisk.canBeMade("tmpfs"), "mounting a file system takes root"))
  func fullDisk() throws {
    let disk = try #require(SmallDisk(at: folder.path("disk"), byteCount: 4 << 20))
    let path = "\(disk.path)/store"
    let writer = try Torture("fill", path)
    #expect(writer.finish() == 2)
    #expect(writer.lines.last == "error: no space is left on the disk that holds `\(path)`")
    let written = writer.lines.dropLast().compactMap(Int.init)
    #expect(written.count > 5)
    let store = try StateStore(at: path)
    #expect(try store.verify().isSound)
    for number in written {
      let key = Sample.key("\(number)")
      #expect(try store.snapshot().blob(key, expecting: Sample.layout(1000))?.isSample(key) == true)
    }
    // Freed space is used again.
    try store.collectGarbage(GarbagePolicy())
    try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("after"), tokens: 1000) }
    #expect(try store.verify().isSound)
  }

  @Test(.enabled(if: SmallDisk.canBeMade("vfat"), "mounting a file system takes root, making one takes dosfstools"))
  func fileSystemWithoutHoles() throws {
    let disk = try #require(SmallDisk(at: folder.path("disk"), byteCount: 8 << 20, type: "vfat"))
    let path = "\(disk.path)/store"
    #expect {
      try StateStore(at: path)
    } throws: {
      guard case StoreError.unsuitableFileSystem(path, "vfat", _) = $0 else { return false }
      return true
    }
    #expect(FileManager.default.fileExists(atPath: path) == false)
  }

  @Test(.enabled(if: SmallDisk.canBeMade("tmpfs"), "mounting a file system takes root"))
  func fileSystemThatCannotBeWritten() throws {
    let disk = try #require(SmallDisk(at: folder.path("disk"), byteCount: 4 << 20))
    let path = "\(disk.path)/store"
    do {
      let store = try StateStore(at: path)
      try store.write { (batch) throws(StoreError) in try batch.recordSample("s") }
      try store.age(["a"], to: [1])
    }
    #expect(disk.freeze())
    #expect(throws: StoreError.readOnly(path: path)) { try StateStore(at: path) }
    let store = try StateStore(at: path, options: StoreOptions(readOnly: true))
    #expect(try store.snapshot().blob(Sample.key("a"), expecting: Sample.layout(3))?.isSample(Sample.key("a")) == true)
    #expect(store.recordUsesIfIdle() == false)
    #expect(try store.list().map(\.missing) == [0])
    #expect(try store.verify().isSound)
    #expect(throws: StoreError.readOnly(path: path)) { try store.collectGarbage(GarbagePolicy()) }
  }

  /// A full disk in the midst of an export or an import: an error, and nothing half done.
  @Test(.enabled(if: SmallDisk.canBeMade("tmpfs"), "mounting a file system takes root"))
  func fullDiskWhileMoving() throws {
    let store = try StateStore(at: path)
    try store.write { (batch) throws(StoreError) in
      for number in 0..<100 { try batch.putSample(Sample.key("\(number)"), tokens: 1000) }
      try batch.recordVersion(
        model: Sample.model, schema: "s", hash: Sample.digest("s"), lowered: [], element: .f16,
        encodings: (0..<100).map { Sample.digest("\($0)") })
    }
    let small = try #require(SmallDisk(at: folder.path("small"), byteCount: 8 << 10))
    #expect(throws: StoreError.diskFull(path: "\(small.path)/export")) {
      try store.export(toFile: "\(small.path)/export")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: small.path).isEmpty)
    _ = try store.export(toFile: folder.path("export"))
    let disk = try #require(SmallDisk(at: folder.path("disk"), byteCount: 4 << 20))
    let target = try StateStore(at: "\(disk.path)/store")
    #expect(throws: StoreError.diskFull(path: "\(disk.path)/store")) {
      try target.importVersions(fromFile: folder.path("export"))
    }
    #expect(try target.snapshot().versions().isEmpty)
    #expect(try target.statistics().namespaces.allSatisfy { $0.blobs == 0 })
    #expect(try target.verify().isSound)
  }

  /// A disk without room for two of the database: an error that says so, the old one stays, and with room it goes on.
  @Test(.enabled(if: SmallDisk.canBeMade("tmpfs"), "mounting a file system takes root"))
  func fullDiskWhileCompacting() throws {
    let disk = try #require(SmallDisk(at: folder.path("disk"), byteCount: 24 << 20))
    let path = "\(disk.path)/store"
    do {
      let store = try StateStore(at: path)
      for start in stride(from: 0, to: 40, by: 5) {
        try store.write { (batch) throws(StoreError) in
          for number in start..<start + 5 { try batch.putSample(Sample.key("\(number)"), tokens: 2000) }
        }
      }
    }
    #expect(disk.resize(to: fileByteCount("\(path)/data.mdb") + (2 << 20)))
    #expect(throws: StoreError.diskFull(path: "\(path)/compact.new")) { try StateStore.compact(at: path) }
    #expect(folder.files(in: "disk/store") == ["access.lock", "data.mdb", "lock.mdb", "store.format"])
    #expect(try StateStore(at: path).verify().blobs == 40)
    #expect(disk.resize(to: 48 << 20))
    _ = try StateStore.compact(at: path)
    #expect(try StateStore(at: path).verify().blobs == 40)
  }

  /// File systems on which a map or a lock would not hold what it promises.
  @Test(arguments: [
    ("nfs4", true), ("9p", true), ("fuse.sshfs", true), ("exfat", true), ("ext4", false), ("xfs", false),
  ])
  func fileSystems(type: String, isRefused: Bool) throws {
    let mounts = """
      22 1 8:1 / / rw,relatime shared:1 - ext3 /dev/sda1 rw
      40 22 0:52 / /mnt/a\\040b rw,relatime shared:2 master:1 - \(type) server:/path rw,vers=4.2
      """
    let found = try #require(MountedFileSystem(device: 52, mounts: mounts))
    #expect(found.type == type)
    #expect((found.objection != nil) == isRefused)
    #expect(MountedFileSystem(device: 0x801, mounts: mounts)?.type == "ext3")
    #expect(MountedFileSystem(device: 53, mounts: mounts) == nil)
  }

  // MARK: - Memory

  /// Eight processes that read all blobs have them in memory once.
  @Test func processesShareTheirPages() throws {
    let (encodings, tokens) = (64, 2000)
    try StateStore(at: path).write { (batch) throws(StoreError) in
      for number in 0..<encodings { try batch.putSample(Sample.key("\(number)"), tokens: tokens) }
    }
    let readers = try (0..<8).map { _ in try Torture("touch", path, "\(encodings)", "\(tokens)") }
    for reader in readers { reader.wait(lines: 1) }
    let data = folder.path("store/data.mdb")
    let shares = try readers.map { try MappedMemory(of: data, in: $0.identifier) }
    let total = encodings * Sample.layout(tokens).byteCount
    for share in shares { #expect(share.resident > total) }
    let sum = shares.reduce(0) { $0 + $1.proportional }
    #expect(sum < total * 11 / 10, "\(sum) bytes for \(total)")
  }
}
