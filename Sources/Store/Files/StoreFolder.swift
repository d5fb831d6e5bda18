internal import Glibc

/// The folder of a store, and the files in it.
///
///     store.format   text: that this is a store, and the version of its format
///     data.mdb       LMDB's pages
///     lock.mdb       LMDB's table of readers and the writer's mutex
///     access.lock    locks on its bytes: who has the store open, who writes
///     prepared/      what programs made of models and can make again
struct StoreFolder {
  /// Version of the format that this program writes, and the newest that it reads.
  static let format = 1
  static let markerName = "store.format"
  static let dataName = "data.mdb"
  private static let lockName = "lock.mdb"
  static let accessName = "access.lock"
  static let preparedName = "prepared"
  /// What a folder may hold and still become a store: what a killed creation leaves, and a volume's own folder.
  private static let leftoverName = "compact.new"
  private static let expected: Set = [leftoverName, markerName, accessName, dataName, lockName, "lost+found"]
  private static let markerStart = "prompt-cache store\nformat "

  let path: String
  var dataPath: String { "\(path)/\(Self.dataName)" }
  var accessPath: String { "\(path)/\(Self.accessName)" }
  /// Where compaction writes the new database; what is left there by one that was killed is of no use.
  var leftoverPath: String { "\(path)/\(Self.leftoverName)" }
  private var markerPath: String { "\(path)/\(Self.markerName)" }

  /// Whether there is a store in the folder `path`.
  static func holdsStore(_ path: String) -> Bool {
    let folder = Self(path: path)
    guard let data = try? FileStatus(path: folder.dataPath), data.byteCount > 0 else { return false }
    return (try? FileStatus(path: folder.markerPath)) != nil
  }

  private init(path: String) { self.path = path }

  /// The folder of a store that exists.
  init(existing path: String) throws(StoreError) {
    self.path = path
    guard let status = try FileStatus(path: path) else { throw .noStore(path: path) }
    guard status.isFolder else { throw .notAFolder(path: path) }
    guard let marker = try markerOrRoom() else { throw .noStore(path: path) }
    try check(marker: marker)
    guard let data = try data() else { throw .noStore(path: path) }
    try status.checkOwner(of: path)
    try data.checkOwner(of: dataPath)
  }

  /// The folder of a store, made one if it is missing, empty, or left half made.
  init(creating path: String) throws(StoreError) {
    self.path = path
    guard let status = try FileStatus(path: path) else {
      try MountedFileSystem.check(path, Self.nearestExisting(path))
      try Self.makeFolders(path)
      try writeMarker()
      return
    }
    try MountedFileSystem.check(path, status)
    guard status.isFolder else { throw .notAFolder(path: path) }
    if let marker = try markerOrRoom() {
      try check(marker: marker)
      try status.checkOwner(of: path)
      try data()?.checkOwner(of: dataPath)
    } else {
      let user = geteuid()
      guard status.owner == user else { throw .otherOwner(path: path, owner: status.owner, user: user) }
      guard unsafe chmod(path, 0o700) == 0 else { throw StoreError(code: errno, operation: "chmod", path: path) }
      try writeMarker()
    }
  }

  /// The status of the database, or `nil` if there is none yet.
  func data() throws(StoreError) -> FileStatus? {
    guard let data = try FileStatus(path: dataPath), data.byteCount > 0 else { return nil }
    return data
  }

  /// Throws if pages in use lie behind the end of the database's file, where touching the map is fatal.
  func checkLength(of environment: Environment) throws(StoreError) {
    let expected = environment.information.pages * environment.pageByteCount
    let found = try data()?.byteCount ?? 0
    // A writer makes the file as long as it says after each commit, unless it was killed between the two.
    guard found < expected else { return }
    let isCutOff = try environment.withDatabaseFile(dataPath) { (database, _) throws(StoreError) in
      try database.isCutOff()
    }
    if isCutOff { throw .truncated(path: dataPath, byteCount: found, expected: expected) }
  }

  /// Makes the file as long as the pages that the database counts, of which LMDB leaves unused ones at the end
  /// unwritten. The caller is the writer.
  func extendToLength(of environment: Environment) throws(StoreError) {
    let expected = environment.information.pages * environment.pageByteCount
    guard let found = try data()?.byteCount, found < expected else { return }
    try File(dataPath, O_WRONLY).extend(to: expected)
  }

  /// Has the disk set aside the first `byteCount` bytes of the database's file, and more if it can, up to `limit`: the
  /// more at once, the fewer times a writer waits for it. The caller is the writer.
  ///
  /// LMDB finds out that a disk is full when it commits, and cannot tell it from a broken one then.
  ///
  /// - Throws: `StoreError.diskFull`.
  func claim(_ byteCount: Int, limit: Int) throws(StoreError) {
    guard let found = try data()?.byteCount, found < byteCount else { return }
    let file = try File(dataPath, O_WRONLY)
    let step = min(max(found / 4, Self.smallestStep), Self.largestStep)
    let generous = max(byteCount, min(found + step, limit))
    var code = try file.claim(found..<generous)
    if code == ENOSPC, generous > byteCount {
      try file.extend(to: found)
      code = try file.claim(found..<byteCount)
    }
    guard code == 0 else {
      // It may have got some of it.
      try file.extend(to: found)
      throw StoreError(code: code, operation: "posix_fallocate", path: path)
    }
  }

  private static let smallestStep = 1 << 20
  private static let largestStep = 64 << 20

  /// The marker; `nil` where the folder may become a store's.
  ///
  /// - Throws: `StoreError.notAStore` if the folder holds something else.
  private func markerOrRoom() throws(StoreError) -> String? {
    if let marker = try marker() { return marker }
    let names = try folderNames(path)
    if strangers(names).isEmpty, try data() == nil { return nil }
    // Another process may have made the store since: its marker comes before its database.
    guard let marker = try marker() else { throw foreign(names) }
    return marker
  }

  /// What of `names` has no place in a store.
  private func strangers(_ names: Set<String>) -> Set<String> {
    names.subtracting(Self.expected).filter { !($0.hasPrefix("\(Self.markerName).") && $0.hasSuffix(".new")) }
  }

  private func foreign(_ names: Set<String>) -> StoreError {
    let stranger = strangers(names).min() ?? Self.dataName
    return .notAStore(path: path, reason: "it holds `\(stranger)` and no `\(Self.markerName)`")
  }
}

// MARK: - Marker

extension StoreFolder {
  private func marker() throws(StoreError) -> String? {
    guard let bytes = try readFile(markerPath, limit: 256) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func check(marker: String) throws(StoreError) {
    guard marker.hasPrefix(Self.markerStart),
      let line = marker.dropFirst(Self.markerStart.count).split(separator: "\n").first,
      let format = Int(line), format > 0
    else { throw .notAStore(path: path, reason: "`\(Self.markerName)` is not the one of a store") }
    guard format <= Self.format else {
      throw .newerFormat(path: path, found: format, supported: Self.format)
    }
  }

  /// Writes the marker: whole or not at all, however many do at one time, and only where the file system keeps holes in
  /// files.
  private func writeMarker() throws(StoreError) {
    let file = try NewFile(markerPath)
    guard try file.keepsHoles(of: 1 << 20) else {
      throw .unsuitableFileSystem(path: path, type: "unknown", reason: "it has no sparse files")
    }
    try file.write(Array("\(Self.markerStart)\(Self.format)\n".utf8))
    try file.finish()
    try synchronizeFolder()
  }
}

// MARK: - Replacing the database

extension StoreFolder {
  /// Puts the database that was written anew in the place of the old one.
  func replaceData() throws(StoreError) {
    guard unsafe rename("\(leftoverPath)/\(Self.dataName)", dataPath) == 0 else {
      throw StoreError(code: errno, operation: "rename", path: dataPath)
    }
    try synchronizeFolder()
    try removeLeftovers()
  }

  /// Removes what a compaction left. The caller knows that none is going on.
  func removeLeftovers() throws(StoreError) {
    for name in [Self.dataName, Self.lockName] {
      guard unsafe unlink("\(leftoverPath)/\(name)") == 0 || errno == ENOENT || errno == ENOTDIR else {
        throw StoreError(code: errno, operation: "unlink", path: leftoverPath)
      }
    }
    guard unsafe rmdir(leftoverPath) == 0 || errno == ENOENT else {
      throw StoreError(code: errno, operation: "rmdir", path: leftoverPath)
    }
  }

  /// Waits until the names of the files are on the disk.
  func synchronizeFolder() throws(StoreError) {
    try File(path, O_RDONLY | O_DIRECTORY).synchronize()
  }
}

// MARK: - Folders

extension StoreFolder {
  /// Makes an empty folder for its owner alone.
  func makeFolder(_ path: String) throws(StoreError) {
    guard unsafe mkdir(path, 0o700) == 0 else { throw StoreError(code: errno, operation: "mkdir", path: path) }
  }

  private static func nearestExisting(_ path: String) throws(StoreError) -> FileStatus {
    var path = Substring(path)
    while let slash = path.dropLast().lastIndex(of: "/") {
      path = slash == path.startIndex ? "/" : path[..<slash]
      if let status = try FileStatus(path: String(path)) { return status }
    }
    guard let status = try FileStatus(path: ".") else { throw .noStore(path: ".") }
    return status
  }
}

extension StoreFolder {
  /// Makes the folder `path`, and those above it that are missing, for their owner alone.
  static func makeFolders(_ path: String) throws(StoreError) {
    if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.dropLast().lastIndex(of: "/"), slash > path.startIndex else {
      throw errno == ENOTDIR ? .notAFolder(path: path) : StoreError(code: errno, operation: "mkdir", path: path)
    }
    try makeFolders(String(path[..<slash]))
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
      throw StoreError(code: errno, operation: "mkdir", path: path)
    }
  }
}
