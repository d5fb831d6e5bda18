internal import CLMDB
internal import FileSystem

/// One transaction: a snapshot to read, or the environment's single writer.
///
/// What it lends lies in the map, or, if this transaction wrote it, in its own pages: nothing is copied, and no view
/// outlives it. Ends without effect unless committed. A writing one stays on the thread that began it.
@safe struct Transaction: ~Copyable {
  let environment: Environment
  /// `nil` once ended.
  private var handle: OpaquePointer?

  private let isReading: Bool

  /// A snapshot of what is committed.
  init(reading environment: Environment) throws(StoreError) {
    unsafe handle = try environment.beginReading()
    self.environment = environment
    isReading = true
  }

  /// The environment's writer. The caller holds the writer lock.
  init(writing environment: Environment) throws(StoreError) {
    var handle: OpaquePointer?
    let code = unsafe mdb_txn_begin(environment.handle, nil, 0, &handle)
    guard code == MDB_SUCCESS, let handle = unsafe handle else { throw environment.error(code, "mdb_txn_begin") }
    unsafe self.handle = handle
    self.environment = environment
    isReading = false
  }

  deinit { unsafe Self.end(handle, environment, isReading: isReading) }

  /// Ends the transaction without effect. Nothing is asked of it after.
  mutating func end() {
    unsafe Self.end(handle, environment, isReading: isReading)
    unsafe handle = nil
  }

  private static func end(_ handle: OpaquePointer?, _ environment: Environment, isReading: Bool) {
    guard let handle = unsafe handle else { return }
    if isReading { unsafe environment.endReading(handle) } else { unsafe mdb_txn_abort(handle) }
  }

  /// Makes what was written visible, or a snapshot's table handles permanent. Nothing is asked of it after.
  mutating func commit() throws(StoreError) {
    guard let ended = unsafe handle else { return }
    unsafe handle = nil
    let code = unsafe mdb_txn_commit(ended)
    if isReading { environment.endedReading() }
    try check(code, "mdb_txn_commit")
  }

  /// Which commit a snapshot shows, or a writer will make.
  var number: Int { unsafe Int(mdb_txn_id(handle)) }

  private func check(_ code: Int32, _ operation: String) throws(StoreError) {
    guard code != MDB_SUCCESS else { return }
    throw environment.error(code, operation)
  }
}

// MARK: - Tables

extension Transaction {
  /// The table called `name`, or `nil` if there is none and it is not to be created.
  func table(_ name: Table.Name, creating: Bool) throws(StoreError) -> Table? {
    var table: MDB_dbi = 0
    let code = unsafe mdb_dbi_open(handle, name.rawValue, creating ? UInt32(MDB_CREATE) : 0, &table)
    guard code != MDB_NOTFOUND else { return nil }
    try check(code, "mdb_dbi_open")
    return Table(name: name, handle: table)
  }

  /// An address in the page that lists the named tables.
  func mainPage() throws(StoreError) -> UInt? {
    var main: MDB_dbi = 0
    try unsafe check(mdb_dbi_open(handle, nil, 0, &main), "mdb_dbi_open")
    var found = unsafe MDB_val()
    let name = Array(Table.Name.blobs.rawValue.utf8)
    let code = unsafe withValue(name.span.bytes) { unsafe mdb_get(handle, main, &$0, &found) }
    guard code != MDB_NOTFOUND else { return nil }
    try check(code, "mdb_get")
    return unsafe UInt(bitPattern: found.mv_data)
  }

  /// Pages and entries of `table`, with what this transaction changed.
  func size(of table: Table) throws(StoreError) -> TableSize {
    var found = MDB_stat()
    try unsafe check(mdb_stat(handle, table.handle, &found), "mdb_stat")
    return TableSize(
      entries: found.ms_entries,
      indexPages: found.ms_branch_pages + found.ms_leaf_pages,
      valuePages: found.ms_overflow_pages)
  }
}

/// Pages and entries of a table.
struct TableSize {
  let entries: Int
  let indexPages: Int
  let valuePages: Int
}

// MARK: - Reading

extension Transaction {
  /// The bytes at `key`, where they lie, or `nil` if there is no such key.
  @_lifetime(borrow self)
  func bytes(at key: RawSpan, in table: Table) throws(StoreError) -> RawSpan? {
    var found = unsafe MDB_val()
    let code = unsafe withValue(key) { unsafe mdb_get(handle, table.handle, &$0, &found) }
    guard code != MDB_NOTFOUND else { return nil }
    try check(code, "mdb_get")
    return unsafe _overrideLifetime(RawSpan(found), borrowing: self)
  }

  /// Where in the map the value at `key` lies, or `nil` if there is no such key.
  func range(at key: RawSpan, in table: Table) throws(StoreError) -> MapRange? {
    guard let value = try bytes(at: key, in: table) else { return nil }
    return MapRange(of: value)
  }

  /// What a visit of a table does next.
  enum Step {
    case next
    case stop
    /// Go to the first key that is not below this one.
    case skip(to: [UInt8])
  }

  /// Visits, in order, the entries whose keys begin with `prefix`; from `start` on, where it is given.
  func visit(
    _ table: Table, prefix: RawSpan, from start: [UInt8]? = nil,
    _ body: (_ key: RawSpan, _ value: RawSpan) throws(StoreError) -> Step
  ) throws(StoreError) {
    var cursor = try unsafe Cursor(handle, table, in: environment)
    var step =
      if let start {
        try unsafe cursor.seek(start.span.bytes)
      } else {
        try prefix.isEmpty ? cursor.first() : cursor.seek(prefix)
      }
    while step {
      guard cursor.key.begins(with: prefix) else { return }
      switch try body(cursor.key, cursor.value) {
      case .next: step = try cursor.next()
      case .stop: return
      case .skip(let key): step = try unsafe cursor.seek(key.span.bytes)
      }
    }
  }

  /// Lends the last entry whose key begins with `prefix` to `body`, if there is one.
  ///
  /// - Parameter end: the last one below this key, where it is given.
  func last<R>(
    _ table: Table, prefix: RawSpan, before end: [UInt8]? = nil,
    _ body: (_ key: RawSpan, _ value: RawSpan) throws(StoreError) -> R
  ) throws(StoreError) -> R? {
    var cursor = try unsafe Cursor(handle, table, in: environment)
    // One step back from where the keys with this prefix end.
    var found = false
    if let end = end ?? prefix.successor, try unsafe cursor.seek(end.span.bytes) {
      found = try cursor.previous()
    } else {
      found = try cursor.last()
    }
    guard found, cursor.key.begins(with: prefix) else { return nil }
    return try body(cursor.key, cursor.value)
  }
}

// MARK: - Writing

extension Transaction {
  /// Stores `value` at `key`, in place of what is there; `isLast` says that the key is above all that are there.
  func put(_ value: RawSpan, at key: RawSpan, in table: Table, isLast: Bool = false) throws(StoreError) {
    if !isLast { try removeOther(byteCount: value.byteCount, at: key, in: table) }
    let flags = UInt32(isLast ? MDB_APPEND : 0)
    let code = unsafe withValue(key) { key in
      unsafe withValue(value) { value in unsafe mdb_put(handle, table.handle, &key, &value, flags) }
    }
    try check(code, "mdb_put")
  }

  /// Stores a value of `byteCount` bytes at `key`, which `fill` writes where they will stay until the commit.
  ///
  /// `fill` finds undefined bytes, and is told where in the file the value's pages will end. The value must be one that
  /// takes pages of its own (`BlobSize`).
  func put(
    byteCount: Int, at key: RawSpan, in table: Table,
    fill: (_ value: inout MutableRawSpan, _ end: Int) throws(StoreError) -> Void
  ) throws(StoreError) {
    try removeOther(byteCount: byteCount, at: key, in: table)
    var value = unsafe MDB_val(mv_size: byteCount, mv_data: nil)
    let code = unsafe withValue(key) { unsafe mdb_put(handle, table.handle, &$0, &value, UInt32(MDB_RESERVE)) }
    try check(code, "mdb_put")
    guard let start = unsafe value.mv_data else {
      throw .damagedTree(path: environment.path.description, operation: "mdb_put")
    }
    var span = unsafe MutableRawSpan(_unsafeStart: start, byteCount: byteCount)
    // A page begins with its number (8 bytes), which LMDB may have from a damaged list of free ones.
    let page = unsafe start.load(fromByteOffset: -Page.headerByteCount, as: Int.self)
    guard page >= 0, page < environment.mapByteCount / environment.pageByteCount else {
      throw .damagedTree(path: environment.path.description, operation: "mdb_put")
    }
    try fill(&span, page * environment.pageByteCount + Page.headerByteCount + byteCount)
  }

  /// Removes a value of another length at `key`.
  ///
  /// LMDB would keep pages that one transaction wrote twice, the second time a shorter value; so a value always has
  /// just the pages that it needs.
  private func removeOther(byteCount: Int, at key: RawSpan, in table: Table) throws(StoreError) {
    if let found = try range(at: key, in: table), found.byteCount != byteCount { try remove(key, in: table) }
  }

  /// Removes `key`.
  ///
  /// - Returns: whether it was there.
  @discardableResult
  func remove(_ key: RawSpan, in table: Table) throws(StoreError) -> Bool {
    let code = unsafe withValue(key) { unsafe mdb_del(handle, table.handle, &$0, nil) }
    guard code != MDB_NOTFOUND else { return false }
    try check(code, "mdb_del")
    return true
  }
}
