internal import FileSystem

extension StoreFolder {
  /// Lends the database's file to `body`, and a snapshot that keeps the pages of the commit that it shows.
  func withDatabaseFile<R>(
    of environment: Environment, _ body: (DatabaseFile, borrowing Transaction) throws(StoreError) -> R
  ) throws(StoreError) -> R {
    // A meta page lasts for two commits: a busy writer may be faster than this once, hardly ten times.
    for _ in 0..<10 {
      var snapshot = try Transaction(reading: environment)
      let file = try folder.openOwn(Self.dataName, .reading)
      guard let database = try DatabaseFile(file, commit: snapshot.number) else { continue }
      let result = try body(database, snapshot)
      snapshot.end()
      return result
    }
    throw .damagedTree(path: path.description, operation: "reading the meta pages")
  }

  /// Throws unless the tree that lists the tables, one page or none, is whole. LMDB believes what it reads, and may open
  /// it only then.
  func checkMainTree(of environment: Environment) throws(StoreError) {
    try withDatabaseFile(of: environment) { (database, _) throws(StoreError) in
      var walk = TreeWalk(database)
      try walk.visit(database.meta.main) { _, _ in }
      guard walk.defects.isEmpty else {
        throw .damagedTree(path: path.description, operation: "reading the list of tables")
      }
    }
  }

  /// Where the map begins. LMDB does not tell, so the page of the main tree is found both in the map and in the file.
  func mapStart(of environment: Environment) throws(StoreError) -> UInt {
    try withDatabaseFile(of: environment) { (database, snapshot) throws(StoreError) in
      let pageByteCount = environment.pageByteCount
      guard let root = database.meta.main.root, database.meta.main.depth == 1, root < database.meta.pageCount,
        let address = try snapshot.mainPage()
      else { throw .damagedTree(path: path.description, operation: "locating the map") }
      let page = address / UInt(pageByteCount) * UInt(pageByteCount)
      let (start, overflow) = page.subtractingReportingOverflow(UInt(root * pageByteCount))
      guard !overflow else { throw .damagedTree(path: path.description, operation: "locating the map") }
      return start
    }
  }
}
