/// What reads an open index. One thread uses it at a time.
final class IndexReader {
  let database: Database
  let stamp: [UInt8]
  /// By name.
  let libraries: [String: LibraryRow]
  /// The highest number that a document has; 0 if there is none.
  let lastDocument: Int

  private let fullText: FullTextExtension
  private let tokenizer: Tokenizer
  private let findWord: Statement
  private let findDocument: Statement
  private let findLengths: Statement
  /// By the library's number.
  private var gathering: [Int: Statement] = [:]
  /// By number; those that were needed.
  private var chunks: [LengthChunk?]

  init(_ database: Database) throws(TextIndexError) {
    self.database = database
    // Of memory, at most, for pages that were read: 64 MiB.
    try database.execute("PRAGMA cache_size = -65536")
    libraries = try Self.libraries(in: database)
    try database.checkTables(of: libraries.values.map(\.id))
    fullText = try FullTextExtension(database)
    tokenizer = try fullText.tokenizer(IndexFormat.tokenizerArguments)
    guard
      let stamp = try Statement("SELECT stamp FROM meta", in: database).first(read: { (row) throws(TextIndexError) in
        row.bytes(0)
      })
    else { throw database.damaged("it has no stamp") }
    self.stamp = stamp
    let last = try Statement("SELECT max(id) FROM document", in: database)
      .first { (row) throws(TextIndexError) in row.integer(0) }
    lastDocument = last ?? 0
    guard 0..<Self.documentLimit ~= lastDocument else { throw database.damaged("the number of a document") }
    chunks = Array(repeating: nil, count: lastDocument / LengthChunk.documentCount + 1)
    findWord = try Statement("SELECT id, documents FROM word WHERE library = ?1 AND term = ?2", in: database)
    findDocument = try Statement("SELECT library, place, name, bag FROM document WHERE id = ?1", in: database)
    findLengths = try Statement("SELECT counts FROM lengths WHERE chunk = ?1", in: database)
  }

  /// More numbers than documents take; a higher one is damage, and would take memory.
  static let documentLimit = 1 << 28

  private static func libraries(in database: Database) throws(TextIndexError) -> [String: LibraryRow] {
    var libraries: [String: LibraryRow] = [:]
    try Statement("SELECT id, name, documents, words FROM library", in: database)
      .rows([]) { (row) throws(TextIndexError) in
        let library = LibraryRow(id: row.integer(0), documents: row.integer(2), words: row.integer(3))
        guard library.id > 0, 0..<documentLimit ~= library.documents, library.words >= 0 else {
          throw database.damaged("the numbers of a library")
        }
        libraries[row.text(1)] = library
        return true
      }
    return libraries
  }
}

// MARK: - Parts of a search

extension IndexReader {
  /// The words of a question as terms of the index, in order.
  func terms(of query: String) throws(TextIndexError) -> [[UInt8]] {
    try tokenizer.tokens(of: WordSplitter.words(of: query))
  }

  /// A word's number, and how many documents hold it; `nil` if none does.
  func word(_ term: [UInt8], in library: LibraryRow) throws(TextIndexError) -> (id: Int, documents: Int)? {
    let found = try findWord.first(.integer(library.id), .text(term)) { (row) throws(TextIndexError) in
      (id: row.integer(0), documents: row.integer(1))
    }
    guard let found, found.documents != 0 else { return nil }
    guard 1...library.documents ~= found.documents else { throw database.damaged("the number of documents of a word") }
    return found
  }

  /// Where a term stands, by rising number of the document.
  func postings(of term: [UInt8], in library: LibraryRow) throws(TextIndexError) -> [Posting] {
    let statement: Statement
    if let known = gathering[library.id] {
      statement = known
    } else {
      let table = IndexFormat.fullTextTable(library.id)
      statement = try Statement(
        "SELECT \(FullTextExtension.functionName)(\(table)) FROM \(table) WHERE \(table) MATCH ?1 LIMIT 1", in: database
      )
      gathering[library.id] = statement
    }
    return try fullText.postings(of: term, by: statement, limit: lastDocument)
  }

  /// Words in a document.
  func length(of document: Int) throws(TextIndexError) -> Int {
    let (number, index) = LengthChunk.place(of: document)
    guard chunks.indices.contains(number) else { throw noDocument(document) }
    if let length = chunks[number]?.lengths[index] {
      guard length != LengthChunk.none else { throw noDocument(document) }
      return Int(length)
    }
    let bytes = try findLengths.first(.integer(number)) { (row) throws(TextIndexError) in row.bytes(0) }
    guard let bytes, let chunk = LengthChunk(bytes: bytes) else { throw database.damaged("the lengths of documents") }
    chunks[number] = chunk
    return try length(of: document)
  }

  /// A document's place, name and bag of words.
  func document(_ id: Int, in library: LibraryRow) throws(TextIndexError) -> (place: Int, name: String, bag: [UInt8]) {
    let found = try findDocument.first(.integer(id)) {
      (row) throws(TextIndexError) -> (library: Int, place: Int, name: String, bag: [UInt8]) in
      (row.integer(0), row.integer(1), row.text(2), row.bytes(3))
    }
    guard let found, found.library == library.id else { throw noDocument(id) }
    return (found.place, found.name, found.bag)
  }

  private func noDocument(_ id: Int) -> TextIndexError { database.damaged("there is no document \(id)") }
}

extension Database {
  /// Checks that the tables are those of an index with these libraries: a file from elsewhere may hold views and triggers.
  fileprivate func checkTables(of libraries: [Int]) throws(TextIndexError) {
    var expected = Set(IndexFormat.tables + libraries.map { IndexFormat.creationOfFullTextTable($0) })
    let behind = Set(libraries.flatMap { IndexFormat.tablesBehind($0) })
    let rows = try Statement("SELECT type, name, sql FROM sqlite_schema", in: self)
    try rows.rows([]) { (row) throws(TextIndexError) in
      let (type, name, sql) = (row.text(0), row.text(1), row.text(2))
      // An index that belongs to a table has no text of its own.
      let isOurs =
        switch type {
        case "table": behind.contains(name) || expected.remove(sql) != nil
        case "index": sql.isEmpty
        default: false
        }
      guard isOurs else { throw damaged("it has a \(type) \(name)") }
      return true
    }
    guard expected.isEmpty else { throw damaged("tables are missing") }
  }
}
