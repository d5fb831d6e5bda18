internal import CSQLite
internal import FileSystem

/// A connection to a database file, closed with the last reference. One thread uses it at a time.
@safe final class Database {
  /// How a file is opened.
  enum Access {
    /// It never changes: nothing is locked, and nothing is looked for beside it.
    case immutable
    /// It is there, and nobody else writes to it.
    case alone
    /// It is made, and nobody else knows of it yet.
    case creating
  }

  let path: FilePath
  let handle: OpaquePointer

  /// Opens the file at `path`. Errors name `shown`.
  init(_ path: FilePath, _ access: Access, shown: FilePath? = nil) throws(TextIndexError) {
    let shown = shown ?? path
    let (query, flags) =
      switch access {
      case .immutable: ("immutable=1", SQLITE_OPEN_READONLY)
      case .alone: ("nolock=1", SQLITE_OPEN_READWRITE)
      case .creating: ("nolock=1", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
      }
    var handle: OpaquePointer?
    // One thread at a time is the caller's promise. Extended codes tell a short read from other failures.
    let common = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
    let code = unsafe sqlite3_open_v2("file:\(path.inURI)?\(query)", &handle, flags | common, nil)
    guard code == SQLITE_OK, let handle = unsafe handle else {
      unsafe sqlite3_close_v2(handle)
      guard code & 0xFF == SQLITE_CANTOPEN else {
        throw unsafe TextIndexError(
          code: code, operation: "sqlite3_open", path: shown, reason: String(cString: sqlite3_errstr(code)))
      }
      throw .noPermission(path: shown.description)
    }
    self.path = shown
    unsafe self.handle = handle
    try check(unsafe csqlite_distrust_file(handle), "sqlite3_db_config")
  }

  deinit { unsafe sqlite3_close_v2(handle) }

  /// Runs statements that give nothing.
  func execute(_ statements: String) throws(TextIndexError) {
    try check(unsafe sqlite3_exec(handle, statements, nil, nil, nil), "sqlite3_exec")
  }

  /// Throws what a result code stands for.
  func check(_ code: Int32, _ operation: String) throws(TextIndexError) {
    guard code != SQLITE_OK else { return }
    throw unsafe TextIndexError(
      code: code, operation: operation, path: path, reason: String(cString: sqlite3_errmsg(handle)))
  }

  /// The error for a call that did not do what it always does.
  func failed(_ operation: String, _ code: Int32 = SQLITE_ERROR) -> TextIndexError {
    .database(operation: operation, path: path.description, code: code)
  }

  /// The error for contents that do not fit together.
  func damaged(_ reason: String) -> TextIndexError { .damaged(path: path.description, reason: reason) }
}

extension FilePath {
  /// The path in a `file:` URI.
  fileprivate var inURI: String {
    let absolute = isAbsolute ? self : FilePath.currentFolder.appending(self)
    var text = ""
    for byte in absolute.bytes {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
        UInt8(ascii: "_"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        text += byte < 16 ? "%0" : "%"
        text += String(byte, radix: 16)
      }
    }
    return text
  }
}
