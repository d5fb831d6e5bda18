internal import CLMDB
internal import Glibc

/// What LMDB says of a result code.
func databaseText(_ code: Int32) -> String {
  guard let text = unsafe mdb_strerror(code) else { return "error \(code)" }
  return unsafe String(cString: text)
}

extension StoreError {
  /// The error that LMDB's result `code` of `operation` stands for, in the store at `path`.
  init(code: Int32, operation: String, path: String, mapByteCount: Int = Environment.largestMap) {
    self =
      switch code {
      case MDB_READERS_FULL: .tooManyReaders(path: path, slots: Environment.readerSlots)
      case MDB_MAP_FULL where mapByteCount < Environment.largestMap, MDB_MAP_RESIZED:
        .addressSpace(path: path, byteCount: mapByteCount)
      case MDB_MAP_FULL: .storeFull(path: path, limit: mapByteCount)
      case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_PANIC, MDB_CURSOR_FULL:
        .damagedTree(path: path, operation: operation)
      case MDB_INVALID: .notAStore(path: path, reason: "`\(StoreFolder.dataName)` is not a database")
      case MDB_VERSION_MISMATCH:
        .notAStore(path: path, reason: "`\(StoreFolder.dataName)` is a database of another version")
      case ENOSPC, EDQUOT: .diskFull(path: path)
      case EFBIG: .fileSizeLimit(path: path)
      case EACCES, EPERM: .noPermission(path: path)
      case EROFS: .readOnly(path: path)
      case ..<0: .database(operation: operation, path: path, code: code)
      default: .system(operation: operation, path: path, code: code)
      }
  }
}
