package import FileSystem

extension TextIndex {
  /// Reads the whole file, and compares all that it says twice: SQLite's pages and tables, FTS5's own structures, and for
  /// each word the documents that FTS5 finds with the bags, their lengths and the counts that scores are made from.
  ///
  /// - Throws: `TextIndexError.damaged` with the first fault, or what the system refuses.
  package static func check(_ path: FilePath) throws(TextIndexError) {
    try IndexHeader.check(path)
    let database = try Database(path, .immutable)
    try database.checkPages()
    let reader = try IndexReader(database)
    try FullTextCheck(reader).run()
    try checkFullText(path, reader.libraries.values.map(\.id))
  }

  /// FTS5's own check. It is a statement that writes nothing, which SQLite runs only on a file that may be written; where it
  /// may not, what is compared above is all.
  private static func checkFullText(_ path: FilePath, _ libraries: [Int]) throws(TextIndexError) {
    let database: Database
    do throws(TextIndexError) {
      database = try Database(path, .alone)
      try database.execute("PRAGMA journal_mode = OFF")
      for library in libraries {
        try FullTextStatements(library, database).command("integrity-check")
      }
    } catch .noPermission {
      return
    }
  }
}

extension Database {
  /// SQLite's own check of pages, indices and constraints.
  fileprivate func checkPages() throws(TextIndexError) {
    try Statement("PRAGMA integrity_check(1)", in: self).rows([]) { (row) throws(TextIndexError) in
      guard row.text(0) == "ok" else { throw damaged(row.text(0)) }
      return true
    }
  }
}

/// Compares what FTS5 finds with the bags of words.
private struct FullTextCheck {
  private let reader: IndexReader
  private let database: Database

  init(_ reader: IndexReader) {
    self.reader = reader
    database = reader.database
  }

  func run() throws(TextIndexError) {
    for library in reader.libraries.values {
      let (bags, documents, words) = try sumOfBags(library)
      guard documents == library.documents, words == library.words else {
        throw database.damaged("the numbers of a library")
      }
      guard try sumOfPostings(library) == bags, try countOfWords(library) == countOfTerms(library) else {
        throw database.damaged("documents of a word")
      }
    }
    let checksum = try Statement("SELECT checksum FROM meta", in: database)
      .first { (row) throws(TextIndexError) in row.integer(0) }
    guard try checksum == ContentChecksum.value(in: database, stamp: reader.stamp) else {
      throw database.damaged("names or places of documents")
    }
    let known = reader.libraries.values.map(\.id)
    try Statement("SELECT DISTINCT library FROM document UNION SELECT library FROM word", in: database)
      .rows([]) { (row) throws(TextIndexError) in
        guard known.contains(row.integer(0)) else { throw database.damaged("a document or word of no library") }
        return true
      }
  }

  /// A sum over all words in all bags, which does not depend on their order.
  private func sumOfBags(_ library: LibraryRow) throws(TextIndexError) -> (sum: UInt64, documents: Int, words: Int) {
    var (sum, documents, words): (UInt64, Int, Int) = (0, 0, 0)
    try Statement("SELECT id, bag FROM document WHERE library = ?1", in: database)
      .rows([.integer(library.id)]) { (row) throws(TextIndexError) in
        let id = row.integer(0)
        guard 1...max(reader.lastDocument, 1) ~= id, let bag = WordBag(bytes: row.bytes(1)),
          try reader.length(of: id) == bag.length
        else { throw database.damaged("the words of a document") }
        for entry in bag.entries { sum &+= Self.mixed(entry.word, id, entry.count) }
        documents += 1
        words += bag.length
        return true
      }
    return (sum, documents, words)
  }

  /// The same sum, by what FTS5 finds.
  private func sumOfPostings(_ library: LibraryRow) throws(TextIndexError) -> UInt64 {
    var sum: UInt64 = 0
    try Statement("SELECT id, term, documents FROM word WHERE library = ?1", in: database)
      .rows([.integer(library.id)]) { (row) throws(TextIndexError) in
        let postings = try reader.postings(of: row.bytes(1), in: library)
        guard postings.count == row.integer(2) else { throw database.damaged("the number of documents of a word") }
        for posting in postings { sum &+= Self.mixed(row.integer(0), Int(posting.document), Int(posting.count)) }
        return true
      }
    return sum
  }

  /// How many different words a library has.
  private func countOfWords(_ library: LibraryRow) throws(TextIndexError) -> Int? {
    try Statement("SELECT count(*) FROM word WHERE library = ?1", in: database)
      .first(.integer(library.id)) { (row) throws(TextIndexError) in row.integer(0) }
  }

  /// How many FTS5 has.
  private func countOfTerms(_ library: LibraryRow) throws(TextIndexError) -> Int? {
    let table = IndexFormat.fullTextTable(library.id)
    try database.execute("CREATE VIRTUAL TABLE temp.terms_\(library.id) USING fts5vocab(main, \(table), row)")
    return try Statement("SELECT count(*) FROM temp.terms_\(library.id)", in: database)
      .first { (row) throws(TextIndexError) in row.integer(0) }
  }

  /// A number that differs where one of the three does (the finalizer of SplitMix64, after each).
  private static func mixed(_ word: Int, _ document: Int, _ count: Int) -> UInt64 {
    var state: UInt64 = 0
    for part in [word, document, count] {
      state = (state ^ UInt64(truncatingIfNeeded: part)) &+ 0x9E37_79B9_7F4A_7C15
      state = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
      state = (state ^ state >> 27) &* 0x94D0_49BB_1331_11EB
      state ^= state >> 31
    }
    return state
  }
}
