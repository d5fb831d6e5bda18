internal import CLMDB

/// A place in a table. Ends before its transaction does.
@safe struct Cursor: ~Copyable {
  private let handle: OpaquePointer
  private let environment: Environment
  private var foundKey = unsafe MDB_val()
  private var foundValue = unsafe MDB_val()

  /// A cursor that stands nowhere yet.
  init(_ transaction: OpaquePointer?, _ table: Table, in environment: Environment) throws(StoreError) {
    var handle: OpaquePointer?
    let code = unsafe mdb_cursor_open(transaction, table.handle, &handle)
    guard code == MDB_SUCCESS, let handle = unsafe handle else {
      throw environment.error(code, "mdb_cursor_open")
    }
    unsafe self.handle = handle
    self.environment = environment
  }

  deinit { unsafe mdb_cursor_close(handle) }

  /// The key it stands at, until it moves.
  var key: RawSpan {
    @_lifetime(borrow self) get { unsafe _overrideLifetime(RawSpan(foundKey), borrowing: self) }
  }

  /// The value it stands at, until it moves.
  var value: RawSpan {
    @_lifetime(borrow self) get { unsafe _overrideLifetime(RawSpan(foundValue), borrowing: self) }
  }

  /// Moves to the first key that is not below `key`.
  ///
  /// - Returns: whether there is one; the same for the other moves.
  mutating func seek(_ key: RawSpan) throws(StoreError) -> Bool {
    let code = unsafe withValue(key) { key in
      let code = unsafe mdb_cursor_get(handle, &key, &foundValue, MDB_SET_RANGE)
      unsafe foundKey = key
      return code
    }
    return try isThere(code)
  }

  /// Moves to the first key.
  mutating func first() throws(StoreError) -> Bool { try move(MDB_FIRST) }

  /// Moves to the next key.
  mutating func next() throws(StoreError) -> Bool { try move(MDB_NEXT) }

  /// Moves to the key before.
  mutating func previous() throws(StoreError) -> Bool { try move(MDB_PREV) }

  /// Moves to the last key.
  mutating func last() throws(StoreError) -> Bool { try move(MDB_LAST) }

  private mutating func move(_ operation: MDB_cursor_op) throws(StoreError) -> Bool {
    try isThere(unsafe mdb_cursor_get(handle, &foundKey, &foundValue, operation))
  }

  private func isThere(_ code: Int32) throws(StoreError) -> Bool {
    guard code != MDB_NOTFOUND else { return false }
    guard code == MDB_SUCCESS else { throw environment.error(code, "mdb_cursor_get") }
    return true
  }
}
