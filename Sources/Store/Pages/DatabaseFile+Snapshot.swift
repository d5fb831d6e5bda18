extension Environment {
  /// Lends the database's file to `body`, and a snapshot that keeps the pages of the commit that it shows.
  func withDatabaseFile<R>(
    _ path: String, _ body: (DatabaseFile, borrowing Transaction) throws(StoreError) -> R
  ) throws(StoreError) -> R {
    // A meta page lasts for two commits: a busy writer may be faster than this once, hardly ten times.
    for _ in 0..<10 {
      var snapshot = try Transaction(reading: self)
      guard let database = try DatabaseFile(path, commit: snapshot.number) else { continue }
      let result = try body(database, snapshot)
      snapshot.end()
      return result
    }
    throw .damagedTree(path: self.path, operation: "reading the meta pages")
  }

  /// Throws unless the tree that lists the tables, a page or none, is whole. LMDB, which believes what it reads, may
  /// open it then.
  func checkMainTree(_ path: String) throws(StoreError) {
    try withDatabaseFile(path) { (database, _) throws(StoreError) in
      var walk = TreeWalk(database)
      try walk.visit(database.meta.main) { _, _ in }
      guard walk.defects.isEmpty else { throw .damagedTree(path: self.path, operation: "reading the list of tables") }
    }
  }

  /// Where the map begins, which LMDB does not tell: the page of the main tree is found through both, and compared.
  func mapStart(of path: String) throws(StoreError) -> UInt {
    try withDatabaseFile(path) { (database, snapshot) throws(StoreError) in
      guard let root = database.meta.main.root, database.meta.main.depth == 1, let address = try snapshot.mainPage()
      else { throw .damagedTree(path: self.path, operation: "locating the map") }
      return address / UInt(pageByteCount) * UInt(pageByteCount) - UInt(root * pageByteCount)
    }
  }
}
