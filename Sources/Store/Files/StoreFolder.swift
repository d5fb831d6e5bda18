internal import FileSystem
internal import Glibc

/// The folder of a store, and the files in it.
///
///     store.format   text: says that this is a store, and the version of its format
///     data.mdb       LMDB's pages
///     lock.mdb       LMDB's table of readers and its writer's mutex
///     access.lock    record locks on its bytes: who has the store open, who writes
///     prepared/      what programs derived from models and can make again
///
/// The folder is opened first, then checked, and everything in it is reached through its descriptor. So what was checked
/// is what is used, even if another folder takes its name meanwhile.
final class StoreFolder: Sendable {
  /// Version of the format that this program writes, and the newest that it reads.
  static let format = 1
  static let markerName: FilePath = "store.format"
  static let dataName: FilePath = "data.mdb"
  static let lockName: FilePath = "lock.mdb"
  static let accessName: FilePath = "access.lock"
  static let derivedName: FilePath = "prepared"
  /// Where compaction writes the new database. If it is killed, what is left there is of no use.
  private static let leftoverName: FilePath = "compact.new"
  /// What a folder may hold and still become a store: leftovers of a killed creation, and what file systems put in their
  /// top folder.
  private static let expected: Set = [leftoverName, markerName, accessName, dataName, lockName, "lost+found"]
  private static let markerStart = "prompt-cache store\nformat "

  let folder: Folder
  var path: FilePath { folder.path }
  var dataPath: FilePath { path.appending(Self.dataName) }

  /// Whether there is a store in the folder `path`.
  static func holdsStore(_ path: FilePath) -> Bool {
    do throws(SystemFailure) {
      let folder = try Folder(path)
      guard let data = try folder.status(of: dataName), data.byteCount > 0 else { return false }
      return try folder.status(of: markerName) != nil
    } catch {
      return false
    }
  }

  /// Which file the database in the folder `path` is; `nil` where there is none.
  static func identity(at path: FilePath) -> FileStatus.Identity? {
    (try? FileStatus(of: path.appending(dataName)))?.identity
  }

  /// Length of that file.
  static func fileByteCount(at path: FilePath) -> Int? { (try? FileStatus(of: path.appending(dataName)))?.byteCount }

  /// The folder of a store that exists.
  init(existing path: FilePath) throws(StoreError) {
    do throws(SystemFailure) {
      folder = try Folder(path)
    } catch {
      throw Self.error(error, opening: path) ?? .noStore(path: path.description)
    }
    let status = try storing(try folder.status())
    try status.checkOwner(of: path)
    guard let marker = try markerOrRoom(status), let data = try data() else {
      throw .noStore(path: path.description)
    }
    try check(marker: marker)
    try check(data: data)
  }

  /// The folder of a store; it becomes one if it is missing, empty, or left half made.
  init(creating path: FilePath) throws(StoreError) {
    folder = try Self.openOrMake(path)
    let status = try storing(try folder.status())
    try MountedFileSystem.check(path, status)
    try status.checkOwner(of: path)
    if let marker = try markerOrRoom(status) {
      try check(marker: marker)
      if let data = try data() { try check(data: data) }
      return
    }
    try storing(try folder.setPermissions(0o700))
    // Before that, others may have put something in.
    if status.mode & 0o022 != 0, try markerOrRoom(storing(try folder.status())) != nil {
      throw .writableByOthers(path: path.description, mode: status.mode)
    }
    try writeMarker()
  }

  private static func openOrMake(_ path: FilePath) throws(StoreError) -> Folder {
    do throws(SystemFailure) {
      return try Folder(path)
    } catch {
      if let error = self.error(error, opening: path) { throw error }
    }
    try MountedFileSystem.check(path, storing(try nearestExisting(path)))
    do throws(SystemFailure) {
      return try Folder.making(path, permissions: 0o700)
    } catch {
      throw self.error(error, opening: path) ?? StoreError(error)
    }
  }

  /// What the failure to open the folder `path` means; `nil` if there is none.
  private static func error(_ failure: SystemFailure, opening path: FilePath) -> StoreError? {
    switch failure.code {
    case ENOENT: nil
    case ENOTDIR: .notAFolder(path: path.description)
    default: StoreError(failure)
    }
  }

  /// The status of the folder above `path` that exists.
  private static func nearestExisting(_ path: FilePath) throws(SystemFailure) -> FileStatus {
    var parent = path.parent
    while true {
      if let status = try FileStatus(of: parent) { return status }
      guard parent.parent != parent else { throw SystemFailure("stat", parent, code: ENOENT) }
      parent = parent.parent
    }
  }

  /// The status of the database; `nil` if there is none yet.
  func data() throws(StoreError) -> FileStatus? {
    guard let data = try storing(try folder.status(of: Self.dataName)) else { return nil }
    try folder.checkKind(of: data, Self.dataName)
    return data.byteCount > 0 ? data : nil
  }

  /// Whether this process can only read the store: it may not write to one of its files, or the file system is
  /// read-only.
  ///
  /// Missing files are created. This process must not have the store open: closing one of its files would drop the locks
  /// on it.
  func canOnlyBeRead() throws(StoreError) -> Bool {
    do throws(StoreError) {
      for name in [Self.accessName, Self.lockName, Self.dataName] { _ = try folder.openOrMakeOwn(name) }
      return false
    } catch {
      switch error {
      case .readOnly, .noPermission: return true
      default: throw error
      }
    }
  }

  private func check(data: FileStatus) throws(StoreError) {
    try data.checkOwner(of: dataPath)
    try data.checkMode(of: dataPath)
  }
}

// MARK: - Marker

extension StoreFolder {
  /// The marker; `nil` if there is none and the folder may become a store's. `status` is the folder's.
  ///
  /// - Throws: `StoreError.notAStore` if the folder holds something else.
  private func markerOrRoom(_ status: FileStatus) throws(StoreError) -> String? {
    if let marker = try marker(status) { return marker }
    let names = try storing(try folder.names())
    let strangers = names.subtracting(Self.expected).filter { !Self.isMarkerLeftover($0) }
    if strangers.isEmpty, try data() == nil { return nil }
    // Another process may have made the store in between: its marker comes before its database.
    guard let marker = try marker(status) else {
      let stranger = strangers.min() ?? Self.dataName
      throw .notAStore(path: path.description, reason: "it holds `\(stranger)` and no `\(Self.markerName)`")
    }
    return marker
  }

  private static func isMarkerLeftover(_ name: FilePath) -> Bool {
    name.bytes.starts(with: markerName.withSuffix(".").bytes) && name.hasSuffix(".new")
  }

  private func marker(_ status: FileStatus) throws(StoreError) -> String? {
    guard try storing(try folder.status(of: Self.markerName)) != nil else { return nil }
    try status.checkMode(of: path)
    let file = try folder.openOwn(Self.markerName, .reading)
    return String(decoding: try storing(try file.read(256, at: 0)), as: UTF8.self)
  }

  private func check(marker: String) throws(StoreError) {
    guard marker.hasPrefix(Self.markerStart),
      let line = marker.dropFirst(Self.markerStart.count).split(separator: "\n").first,
      let format = Int(line), format > 0
    else {
      throw .notAStore(path: path.description, reason: "`\(Self.markerName)` is not the one of a store")
    }
    guard format <= Self.format else {
      throw .newerFormat(path: path.description, found: format, supported: Self.format)
    }
  }

  /// Writes the marker, whole or not at all, and only if the file system keeps holes in files. Several processes may do so
  /// at the same time.
  private func writeMarker() throws(StoreError) {
    let file = try storing(try NewFile(Self.markerName, in: folder.again(), permissions: 0o600))
    guard try storing(try file.keepsHoles(of: 1 << 20)) else {
      throw .unsuitableFileSystem(path: path.description, type: "unknown", reason: "it has no sparse files")
    }
    try storing(try file.write(Array("\(Self.markerStart)\(Self.format)\n".utf8)))
    try storing(try file.finish())
  }
}

// MARK: - Length of the database

extension StoreFolder {
  /// Throws if pages in use lie behind the end of the database's file: touching them in the map would end the process.
  func checkLength(of environment: Environment) throws(StoreError) {
    let expected = environment.information.pages * environment.pageByteCount
    let found = try data()?.byteCount ?? 0
    // A writer makes the file as long as it says after each commit, unless it was killed between the two.
    guard found < expected else { return }
    let isCutOff = try withDatabaseFile(of: environment) { (database, _) throws(StoreError) in
      try database.isCutOff()
    }
    if isCutOff { throw .truncated(path: dataPath.description, byteCount: found, expected: expected) }
  }

  /// Makes the file as long as the pages that the database counts: LMDB leaves unused ones at the end unwritten. The
  /// caller is the writer.
  func extendToLength(of environment: Environment) throws(StoreError) {
    let expected = environment.information.pages * environment.pageByteCount
    guard let found = try data()?.byteCount, found < expected else { return }
    let file = try folder.openOwn(Self.dataName, .writing)
    try storing(try file.setLength(expected))
  }

  /// Has the disk set aside the first `byteCount` bytes of the database's file, and more if it can, up to `limit`: the
  /// more at once, the less often a writer waits for it. The caller is the writer.
  ///
  /// LMDB finds out that a disk is full when it commits, and cannot tell that from a broken one.
  ///
  /// - Throws: `StoreError.diskFull`.
  func claim(_ byteCount: Int, limit: Int) throws(StoreError) {
    guard let found = try data()?.byteCount, found < byteCount else { return }
    let file = try folder.openOwn(Self.dataName, .writing)
    let step = min(max(found / 4, 1 << 20), 64 << 20)
    let generous = max(byteCount, min(found + step, limit))
    do throws(SystemFailure) {
      do throws(SystemFailure) {
        try file.allocate(found..<generous)
      } catch {
        guard error.isDiskFull, generous > byteCount else { throw error }
        try file.setLength(found)
        try file.allocate(found..<byteCount)
      }
    } catch {
      // It may have got some of it.
      try storing(try file.setLength(found))
      throw StoreError(code: error.code, operation: error.operation, path: path.description)
    }
  }
}

// MARK: - Replacing the database

extension StoreFolder {
  /// An empty folder in which a database is written anew.
  func makeLeftoverFolder() throws(StoreError) -> Folder {
    try storing(try folder.makeFolder(Self.leftoverName, permissions: 0o700))
    return try storing(try folder.folder(Self.leftoverName))
  }

  /// Puts the database that was written anew in the place of the old one.
  func replaceData() throws(StoreError) {
    let anew = try storing(try folder.folder(Self.leftoverName))
    try storing(try anew.rename(Self.dataName, to: Self.dataName, in: folder))
    try storing(try folder.synchronize())
    try removeLeftovers()
  }

  /// Removes what a compaction left. The caller knows that none is going on.
  func removeLeftovers() throws(StoreError) {
    guard let status = try storing(try folder.status(of: Self.leftoverName)) else { return }
    guard status.kind == .folder else { return try storing(try folder.remove(Self.leftoverName)) }
    let leftovers = try storing(try folder.folder(Self.leftoverName))
    for name in [Self.dataName, Self.lockName] {
      guard try storing(try leftovers.status(of: name)) != nil else { continue }
      try storing(try leftovers.remove(name))
    }
    try storing(try folder.removeFolder(Self.leftoverName))
  }
}

extension StoreFolder {
  /// Makes the folder `path`, and those above it that are missing, for their owner alone.
  static func makeFolders(_ path: FilePath) throws(StoreError) {
    do throws(SystemFailure) {
      _ = try Folder.making(path, permissions: 0o700)
    } catch {
      throw self.error(error, opening: path) ?? StoreError(error)
    }
  }
}
