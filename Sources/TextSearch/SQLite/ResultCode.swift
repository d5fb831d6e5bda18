internal import CSQLite
internal import FileSystem

extension TextIndexError {
  /// The error that SQLite's result `code` of `operation` stands for; `reason` is its own text.
  init(code: Int32, operation: String, path: FilePath, reason: String) {
    let name = path.description
    self =
      switch code & 0xFF {
      case SQLITE_NOTADB: .notAnIndex(path: name)
      case SQLITE_CORRUPT, SQLITE_FORMAT, SQLITE_MISMATCH, SQLITE_CONSTRAINT: .damaged(path: name, reason: reason)
      // A statement of ours that does not fit the tables: they are not those that we made.
      case SQLITE_ERROR, SQLITE_SCHEMA: .damaged(path: name, reason: reason)
      // A file that ends before its last page.
      case SQLITE_IOERR where code == SQLITE_IOERR | 2 << 8: .damaged(path: name, reason: "it is cut off")
      case SQLITE_FULL: .diskFull(path: name)
      case SQLITE_PERM, SQLITE_READONLY, SQLITE_AUTH: .noPermission(path: name)
      case SQLITE_NOMEM: .outOfMemory(path: name)
      default: .database(operation: operation, path: name, code: code)
      }
  }

  /// The error that a system call's failure stands for.
  init(_ failure: SystemFailure) {
    let path = failure.path.description
    self =
      if failure.isNotFound {
        .noIndex(path: path)
      } else if failure.isPermissionDenied || failure.isReadOnlyFileSystem {
        .noPermission(path: path)
      } else if failure.isDiskFull {
        .diskFull(path: path)
      } else {
        .system(operation: failure.operation, path: path, code: failure.code)
      }
  }
}

/// Runs `body`, with the system's failures as errors of an index.
func asIndexError<R: ~Copyable>(_ body: () throws(SystemFailure) -> R) throws(TextIndexError) -> R {
  do throws(SystemFailure) {
    return try body()
  } catch {
    throw TextIndexError(error)
  }
}
