/// Statements of a writer, prepared once.
struct WriterStatements {
  let allDocuments: Statement
  let findDocument: Statement
  let findBag: Statement
  let findLengths: Statement
  let add: Statement
  let move: Statement
  let remove: Statement
  let setLengths: Statement
  let setLibrary: Statement
  let removeLibrary: Statement
  let setMeta: Statement

  init(_ database: Database) throws(TextIndexError) {
    allDocuments = try Statement("SELECT id FROM document", in: database)
    findDocument = try Statement(
      "SELECT id, place, digest FROM document WHERE library = ?1 AND name = ?2", in: database)
    findBag = try Statement("SELECT library, bag FROM document WHERE id = ?1", in: database)
    findLengths = try Statement("SELECT counts FROM lengths WHERE chunk = ?1", in: database)
    add = try Statement(
      "INSERT INTO document(id, library, place, name, digest, bag) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", in: database)
    move = try Statement("UPDATE document SET place = ?2 WHERE id = ?1", in: database)
    remove = try Statement("DELETE FROM document WHERE id = ?1", in: database)
    setLengths = try Statement("INSERT OR REPLACE INTO lengths(chunk, counts) VALUES (?1, ?2)", in: database)
    setLibrary = try Statement(
      "INSERT OR REPLACE INTO library(id, name, documents, words) VALUES (?1, ?2, ?3, ?4)", in: database)
    removeLibrary = try Statement("DELETE FROM library WHERE id = ?1", in: database)
    setMeta = try Statement("INSERT INTO meta(stamp, checksum) VALUES (?1, ?2)", in: database)
  }
}

/// Statements about FTS5's table of one library.
struct FullTextStatements {
  let add: Statement
  let remove: Statement
  private let table: String
  private let database: Database

  init(_ library: Int, _ database: Database) throws(TextIndexError) {
    table = IndexFormat.fullTextTable(library)
    add = try Statement("INSERT INTO \(table)(rowid, words) VALUES (?1, ?2)", in: database)
    // A table without content has to be told what it forgets.
    remove = try Statement("INSERT INTO \(table)(\(table), rowid, words) VALUES ('delete', ?1, ?2)", in: database)
    self.database = database
  }

  /// Runs one of FTS5's commands.
  func command(_ name: String) throws(TextIndexError) {
    try database.execute("INSERT INTO \(table)(\(table)) VALUES ('\(name)')")
  }
}
