/// The tables of an index, a SQLite database.
///
///     meta      one row: the maker's stamp, which tells what is indexed, and a `ContentChecksum`
///     library   a row for each library: its documents, and words in all of them
///     document  a row for each document: its place in the library's order, what its maker knows it by, its bag of words
///     word      a row for each word of a library: how many documents hold it
///     lengths   words in each document, by its number, in blobs of 512 numbers of four bytes
///     text_N    FTS5's table of library N, whose rows have the numbers of documents. It keeps no text: `document.bag` says
///               which words to take out again, and gives what a document scores without a search.
///
/// Numbers of documents and words are those of rows: they say nothing of any order, and are used again.
enum IndexFormat {
  /// Version of the format that this program writes, and the newest that it reads: the database's `user_version`.
  static let version = 1
  /// The database's `application_id`: `TxIx`.
  static let applicationID = 0x5478_4978

  static let tables = [
    "CREATE TABLE meta(stamp BLOB NOT NULL, checksum INTEGER NOT NULL)",
    "CREATE TABLE library(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, documents INTEGER NOT NULL, "
      + "words INTEGER NOT NULL)",
    "CREATE TABLE document(id INTEGER PRIMARY KEY, library INTEGER NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL, "
      + "digest BLOB NOT NULL, bag BLOB NOT NULL, UNIQUE(library, name))",
    "CREATE TABLE word(id INTEGER PRIMARY KEY, library INTEGER NOT NULL, term TEXT NOT NULL, documents INTEGER NOT NULL, "
      + "UNIQUE(library, term))",
    "CREATE TABLE lengths(chunk INTEGER PRIMARY KEY, counts BLOB NOT NULL)",
  ]

  /// Marks that follow a letter are part of its word, whatever it is to the tokenizer's own tables of Unicode, which may be
  /// older: only spaces part words here. Case and most marks of Latin, Greek and Cyrillic letters are folded.
  static let tokenizerArguments = ["remove_diacritics", "2", "categories", "L* M* N* P* S* C*"]

  /// FTS5's table of a library.
  static func fullTextTable(_ library: Int) -> String { "text_\(library)" }

  static func creationOfFullTextTable(_ library: Int) -> String {
    let arguments = tokenizerArguments.map { $0.contains(" ") ? "'\($0)'" : $0 }.joined(separator: " ")
    return "CREATE VIRTUAL TABLE \(fullTextTable(library)) USING fts5(words, content='', "
      + "tokenize=\"unicode61 \(arguments)\")"
  }

  /// Names of the tables in which FTS5 keeps what belongs to that.
  static func tablesBehind(_ library: Int) -> [String] {
    ["data", "idx", "docsize", "config"].map { "\(fullTextTable(library))_\($0)" }
  }
}

/// A library's row.
struct LibraryRow {
  let id: Int
  var documents: Int
  /// Words in all documents, repeated ones counted.
  var words: Int
}
