internal import CLMDB
internal import Glibc

/// An open LMDB environment.
///
/// Its map has one size in every process and never moves, so an address in it stays good until the environment is
/// closed, and what lies there as long as a snapshot that shows it lives.
///
/// `Sendable`: all properties are set once, and LMDB lets any thread use the handle (`MDB_NOTLS`).
@safe final class Environment: @unchecked Sendable {
  /// Address space reserved for the map, in bytes. It costs nothing: the file grows as it is used.
  static let mapByteCount = 1 << 40
  /// Snapshots at one time, over all processes.
  static let readerSlots = 4096

  /// Folder that holds the files.
  let path: String
  /// Whether the system lets this process only read.
  let isReadOnly: Bool
  /// Bytes in a page.
  let pageByteCount: Int
  /// Bytes that the map reserves.
  let mapByteCount: Int
  let handle: OpaquePointer

  /// Opens the environment in the folder `path`, and creates its files if they are missing.
  ///
  /// The caller sees to it that this process has no other one of the same file.
  init(at path: String, readOnly: Bool, mapByteCount: Int) throws(StoreError) {
    self.path = path
    isReadOnly = readOnly
    self.mapByteCount = mapByteCount
    unsafe handle = try Self.open(path, readOnly: readOnly, mapByteCount: mapByteCount)
    var size = MDB_stat()
    // It fails only without a handle or a place for the answer.
    unsafe mdb_env_stat(handle, &size)
    pageByteCount = Int(size.ms_psize)
  }

  private static func open(_ path: String, readOnly: Bool, mapByteCount: Int) throws(StoreError) -> OpaquePointer {
    var handle: OpaquePointer?
    var (operation, code) = unsafe ("mdb_env_create", mdb_env_create(&handle))
    guard code == MDB_SUCCESS, let handle = unsafe handle else {
      throw StoreError(code: code, operation: operation, path: path)
    }
    unsafe mdb_env_set_maxdbs(handle, UInt32(Table.Name.allCases.count))
    unsafe mdb_env_set_maxreaders(handle, UInt32(readerSlots))
    (operation, code) = unsafe ("mdb_env_set_mapsize", mdb_env_set_mapsize(handle, mapByteCount))
    if code == MDB_SUCCESS {
      let flags = MDB_NOTLS | (readOnly ? MDB_RDONLY : 0)
      (operation, code) = unsafe ("mdb_env_open", mdb_env_open(handle, path, UInt32(flags), 0o600))
    }
    guard code == MDB_SUCCESS else {
      unsafe mdb_env_close(handle)
      throw StoreError(code: code, operation: operation, path: path)
    }
    return unsafe handle
  }

  /// Closes the environment. No transaction is left, and none begins after.
  func close() { unsafe mdb_env_close(handle) }

  /// The error that the result `code` of `operation` stands for.
  func error(_ code: Int32, _ operation: String) -> StoreError {
    StoreError(code: code, operation: operation, path: path, mapByteCount: mapByteCount)
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

  /// Frees the reader slots of processes that are gone.
  ///
  /// - Returns: how many there were.
  @discardableResult
  func clearDeadReaders() -> Int {
    var dead: Int32 = 0
    let code = unsafe mdb_reader_check(handle, &dead)
    return code == MDB_SUCCESS ? Int(dead) : 0
  }
}

// MARK: - Readers

extension Environment {
  /// The open snapshots, of all processes.
  func readers() throws(StoreError) -> [StoreStatistics.Reader] {
    var lines = ""
    let code = unsafe withUnsafeMutablePointer(to: &lines) { lines in
      // LMDB's table: a heading, then a line of process, thread and commit each (`-` for none).
      unsafe mdb_reader_list(
        handle,
        { line, context in
          guard let line = unsafe line else { return 0 }
          unsafe context?.assumingMemoryBound(to: String.self).pointee += String(cString: line)
          return 0
        }, lines)
    }
    guard code >= 0 else { throw error(code, "mdb_reader_list") }
    return lines.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count == 3, let process = Int32(fields[0]), let commit = Int(fields[2]) else { return nil }
      return StoreStatistics.Reader(process: process, commit: commit)
    }
  }
}

/// What an environment says of itself.
struct EnvironmentInformation {
  /// Pages of the file that are in use or were.
  let pages: Int
  let lastCommit: Int
  let readerSlots: Int
}
