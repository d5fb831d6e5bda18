internal import CLMDB
internal import FileSystem
internal import Glibc
import Synchronization

/// An open LMDB environment.
///
/// Its map never moves, so an address in it stays good until the environment is closed, and what lies there as long as a
/// snapshot that shows it lives.
///
/// `Sendable`: all properties are set once, and LMDB lets any thread use the handle (`MDB_NOTLS`).
@safe final class Environment: @unchecked Sendable {
  /// Bytes of address space for the map, where the process may have them. They cost nothing: the file grows as it is used.
  static let largestMap = 1 << 40
  /// Snapshots at one time, over all processes.
  static let readerSlots = 4096

  /// The folder that holds the files, for messages.
  let path: FilePath
  /// Whether this process can only read the files. LMDB has no table of readers then.
  let isReadOnly: Bool
  /// Bytes in a page.
  let pageByteCount: Int
  /// Bytes of the map.
  let mapByteCount: Int
  /// Which file the database is.
  let identity: FileStatus.Identity
  let handle: OpaquePointer
  /// What LMDB takes for the number of this process.
  private let opener: OpenerNumber?
  /// Locks of the store that the environment belongs to; `nil` if nobody else has it.
  private let access: AccessLock?
  /// LMDB's other file. Closing a descriptor of it would drop LMDB's locks, so it stays open as long as the environment.
  private let lockFile: Mutex<OpenFile?>

  /// Opens the environment in `folder`, and creates its files if they are missing, for their owner alone.
  ///
  /// The caller makes sure that this process has no other environment of the same file.
  ///
  /// - Parameter map: bytes of address space to ask for, and what to make do with if they cannot be had.
  init(in folder: borrowing Folder, access: AccessLock? = nil, map: MapLimit = MapLimit()) throws(StoreError) {
    path = folder.path
    self.access = access
    isReadOnly = access?.isReadOnly ?? false
    let data =
      try isReadOnly
      ? folder.openOwn(StoreFolder.dataName, .reading) : folder.openOrMakeOwn(StoreFolder.dataName)
    let status = try storing(try data.status())
    let needed = try DatabaseFile.byteCountInUse(of: data, in: path)
    // LMDB opens its files by path. This one leads to the folder that was checked, unless there is no /proc.
    let isThere =
      try storing(try FileStatus(of: folder.pathOfDescriptor))?.identity
      == storing(try folder.status()).identity
    let opening = Opening(
      path: isThere ? folder.pathOfDescriptor : folder.path, shown: path,
      flags: MDB_NOTLS | (isReadOnly ? MDB_RDONLY | MDB_NOLOCK : 0))
    var lockFile: OpenFile?
    if !isReadOnly { lockFile = try folder.openOrMakeOwn(StoreFolder.lockName) }
    self.lockFile = Mutex(lockFile)
    let opened = try opening.run(map: map, needed: needed, access)
    unsafe handle = opened.handle
    opener = opened.opener
    // What was asked for, or what is in use, if that is more.
    var info = unsafe MDB_envinfo()
    unsafe mdb_env_info(handle, &info)
    mapByteCount = unsafe info.me_mapsize
    var size = MDB_stat()
    // It fails only without a handle or a place for the answer.
    unsafe mdb_env_stat(handle, &size)
    pageByteCount = Int(size.ms_psize)
    identity = status.identity
    let isRight: Bool
    do throws(SystemFailure) {
      isRight = try hasOpened(status.identity, lockFile: lockFileIdentity())
    } catch {
      close()
      throw StoreError(error)
    }
    guard isRight else {
      close()
      throw .system(operation: "mdb_env_open", path: path.description, code: ESTALE)
    }
  }

  private func lockFileIdentity() throws(SystemFailure) -> FileStatus.Identity? {
    try lockFile.withLock { (file) throws(SystemFailure) in try file?.status().identity }
  }

  /// Whether LMDB's files are those that were checked, as far as it tells.
  private func hasOpened(
    _ data: FileStatus.Identity, lockFile: FileStatus.Identity?
  ) throws(SystemFailure) -> Bool {
    var descriptor: Int32 = -1
    unsafe mdb_env_get_fd(handle, &descriptor)
    guard try FileStatus(ofDescriptor: descriptor, path: path).identity == data else { return false }
    guard let lockFile, let opener else { return true }
    return try unsafe FileStatus(ofDescriptor: opener.lockFileDescriptor(of: handle), path: path).identity == lockFile
  }

  /// Closes the environment. No transaction is left, and none begins after.
  func close() {
    unsafe opener?.prepareToClose(handle)
    unsafe mdb_env_close(handle)
    lockFile.withLock { $0 = nil }
  }

  /// The error that the result `code` of `operation` stands for.
  func error(_ code: Int32, _ operation: String) -> StoreError {
    StoreError(code: code, operation: operation, path: path.description, mapByteCount: mapByteCount)
  }

  /// What the environment says of itself.
  var information: EnvironmentInformation {
    var info = unsafe MDB_envinfo()
    // Like `mdb_env_stat`.
    unsafe mdb_env_info(handle, &info)
    return unsafe EnvironmentInformation(
      pages: info.me_last_pgno + 1, lastCommit: info.me_last_txnid,
      readerSlots: Int(info.me_maxreaders))
  }
}

/// What an environment says of itself.
struct EnvironmentInformation {
  /// Pages of the file that are in use or were.
  let pages: Int
  let lastCommit: Int
  let readerSlots: Int
}

// MARK: - Readers

extension Environment {
  /// Begins a transaction that reads.
  func beginReading() throws(StoreError) -> OpaquePointer {
    if isReadOnly { try access?.beginUnlisted() }
    do throws(StoreError) {
      var begun = try unsafe tryReading()
      if unsafe begun.code == MDB_READERS_FULL {
        clearDeadReaders()
        unsafe begun = try unsafe tryReading()
      }
      guard unsafe begun.code == MDB_SUCCESS, let handle = unsafe begun.handle else {
        throw unsafe error(begun.code, "mdb_txn_begin")
      }
      return unsafe handle
    } catch {
      if isReadOnly { access?.endUnlisted() }
      throw error
    }
  }

  /// Ends a transaction that read.
  func endReading(_ transaction: OpaquePointer) {
    unsafe mdb_txn_abort(transaction)
    endedReading()
  }

  /// Says that a transaction that read has ended.
  func endedReading() {
    if isReadOnly { access?.endUnlisted() }
  }

  private func tryReading() throws(StoreError) -> (code: Int32, handle: OpaquePointer?) {
    guard let access, !isReadOnly else { return unsafe handle.beginReading() }
    return try unsafe access.changingReaders { unsafe handle.beginReading() }
  }

  /// Frees the reader slots of processes that are gone.
  ///
  /// - Returns: how many there were.
  @discardableResult
  func clearDeadReaders() -> Int {
    var dead: Int32 = 0
    guard let access, !isReadOnly else { return 0 }
    let code = try? access.changingReaders { unsafe mdb_reader_check(handle, &dead) }
    return code == MDB_SUCCESS ? Int(dead) : 0
  }

  /// The open snapshots, of all processes.
  func readers() throws(StoreError) -> [StoreStatistics.Reader] {
    guard let slots = unsafe handle.readerSlots() else { throw error(EINVAL, "mdb_reader_list") }
    return slots.map { StoreStatistics.Reader(process: process(of: $0.opener), commit: $0.commit) }
  }

  /// The process that LMDB knows as `opener`; `nil` if it is in another container.
  private func process(of opener: Int32) -> Int32? {
    if opener == self.opener?.value { return getpid() }
    // LMDB locks the byte of that number.
    var lock = flock(
      l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: Int(opener), l_len: 1, l_pid: 0)
    return lockFile.withLock { file in
      guard let descriptor = file?.descriptor, unsafe fcntl(descriptor, F_GETLK, &lock) == 0,
        Int32(lock.l_type) != F_UNLCK, lock.l_pid > 0
      else { return nil }
      return lock.l_pid
    }
  }
}
