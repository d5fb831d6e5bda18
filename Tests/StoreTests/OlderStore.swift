import CLMDB
import StoreTestSupport
import Testing

/// Makes a store what an older program would have left.
enum OlderStore {
  /// Takes tables out of the database of a store that nobody has open.
  static func removeTables(_ names: [String], at path: String) throws {
    var environment: OpaquePointer?
    try check(unsafe mdb_env_create(&environment))
    defer { unsafe mdb_env_close(environment) }
    try check(unsafe mdb_env_set_maxdbs(environment, 16))
    try check(unsafe mdb_env_open(environment, path, 0, 0o600))
    var transaction: OpaquePointer?
    try check(unsafe mdb_txn_begin(environment, nil, 0, &transaction))
    for name in names {
      var table: MDB_dbi = 0
      try check(unsafe mdb_dbi_open(transaction, name, 0, &table))
      try check(unsafe mdb_drop(transaction, table, 1))
    }
    try check(unsafe mdb_txn_commit(transaction))
  }

  private static func check(_ code: Int32) throws { try #require(code == 0, "LMDB: \(code)") }
}
