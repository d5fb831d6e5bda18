internal import CSQLite

/// A value that a statement is given.
enum SQLValue {
  case integer(Int)
  case text([UInt8])
  case blob([UInt8])

  static func text(_ text: String) -> SQLValue { .text(Array(text.utf8)) }
}

/// A prepared statement, to be run any number of times.
@safe final class Statement {
  private let database: Database
  private let handle: OpaquePointer

  init(_ sql: String, in database: Database) throws(TextIndexError) {
    var handle: OpaquePointer?
    try database.check(
      unsafe sqlite3_prepare_v3(database.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil),
      "sqlite3_prepare")
    guard let handle = unsafe handle else { preconditionFailure("a statement without content") }
    unsafe self.handle = handle
    self.database = database
  }

  deinit { unsafe sqlite3_finalize(handle) }

  /// Runs the statement, and has `body` read each row until it returns `false`.
  func rows(_ values: [SQLValue], _ body: (Row) throws(TextIndexError) -> Bool) throws(TextIndexError) {
    for (index, value) in values.enumerated() { try bind(value, at: Int32(index + 1)) }
    defer { unsafe sqlite3_reset(handle) }
    while true {
      let code = unsafe sqlite3_step(handle)
      if code == SQLITE_DONE { return }
      guard code == SQLITE_ROW else { return try database.check(code, "sqlite3_step") }
      guard try body(unsafe Row(handle: handle)) else { return }
    }
  }

  /// Runs the statement for its effect.
  func run(_ values: SQLValue...) throws(TextIndexError) { try rows(values) { _ throws(TextIndexError) in true } }

  /// What `body` makes of the first row; `nil` where there is none.
  func first<R>(_ values: SQLValue..., read: (Row) throws(TextIndexError) -> R) throws(TextIndexError) -> R? {
    var result: R?
    try rows(values) { (row) throws(TextIndexError) in
      result = try read(row)
      return false
    }
    return result
  }

  private func bind(_ value: SQLValue, at index: Int32) throws(TextIndexError) {
    let code =
      switch value {
      case .integer(let number): unsafe sqlite3_bind_int64(handle, index, Int64(number))
      case .text(let bytes): unsafe bind(bytes) { unsafe csqlite_bind_text(handle, index, $0, $1) }
      case .blob(let bytes): unsafe bind(bytes) { unsafe csqlite_bind_blob(handle, index, $0, $1) }
      }
    try database.check(code, "sqlite3_bind")
  }

  private func bind(_ bytes: [UInt8], _ body: (UnsafeRawPointer, Int32) -> Int32) -> Int32 {
    guard let count = Int32(exactly: bytes.count) else { return SQLITE_TOOBIG }
    return unsafe bytes.withUnsafeBytes { bytes in
      // Without an address the value would be NULL.
      unsafe body(bytes.baseAddress ?? UnsafeRawPointer(handle), count)
    }
  }
}

/// The row that a statement is at.
@safe struct Row {
  fileprivate let handle: OpaquePointer

  /// The integer in a column; 0 where it is none.
  func integer(_ column: Int32) -> Int { unsafe Int(sqlite3_column_int64(handle, column)) }

  /// The number in a column; 0 where it is none.
  func number(_ column: Int32) -> Double { unsafe sqlite3_column_double(handle, column) }

  /// The bytes in a column: of a text in UTF-8, of a blob as they are.
  func bytes(_ column: Int32) -> [UInt8] {
    let start = unsafe sqlite3_column_blob(handle, column)
    let count = unsafe Int(sqlite3_column_bytes(handle, column))
    guard let start = unsafe start, count > 0 else { return [] }
    return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
  }

  /// The text in a column.
  func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }
}
