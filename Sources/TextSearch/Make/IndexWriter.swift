internal import FileSystem

/// What writes a new index. Nothing is right in the file before `finish`.
final class IndexWriter {
  /// The highest number that a document has had.
  private(set) var lastDocument: Int

  private let database: Database
  private let tokenizer: Tokenizer
  private let vocabulary: Vocabulary
  private let statements: WriterStatements
  private let isNew: Bool
  private var libraries: [String: LibraryRow]
  private var fullText: [Int: FullTextStatements] = [:]
  private var chunks: [Int: LengthChunk] = [:]
  /// Numbers below `lastDocument` that no document has, the lowest last.
  private var freeNumbers: [Int] = []

  /// A new index in an empty file.
  convenience init(_ file: PartialFile) throws(TextIndexError) {
    let database = try Database(file.path, .creating)
    try database.execute("PRAGMA page_size = 4096; PRAGMA application_id = \(IndexFormat.applicationID)")
    try database.execute("PRAGMA user_version = \(IndexFormat.version)")
    for table in IndexFormat.tables { try database.execute(table) }
    try self.init(database, IndexContents(libraries: [:], lastDocument: 0), isNew: true)
  }

  /// An index that begins as a copy of the one at `older`.
  convenience init(_ file: PartialFile, copying older: FilePath) throws(TextIndexError) {
    try IndexHeader.check(older)
    // Checks its tables.
    let reader = try IndexReader(Database(older, .immutable))
    let contents = IndexContents(libraries: reader.libraries, lastDocument: reader.lastDocument)
    try asIndexError { () throws(SystemFailure) in try file.copy(older) }
    try self.init(Database(file.path, .creating, shown: older), contents, isNew: false)
  }

  private init(_ database: Database, _ contents: IndexContents, isNew: Bool) throws(TextIndexError) {
    self.database = database
    self.isNew = isNew
    libraries = contents.libraries
    lastDocument = contents.lastDocument
    // Nobody reads the file before it is whole and synced.
    try database.execute(
      """
      PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -32768; BEGIN
      """)
    tokenizer = try FullTextExtension(database).tokenizer(IndexFormat.tokenizerArguments)
    statements = try WriterStatements(database)
    vocabulary = try Vocabulary(database)
    if lastDocument > contents.libraries.values.reduce(0, { $0 + $1.documents }) {
      let taken = Set(try documents())
      freeNumbers = (1...lastDocument).reversed().filter { !taken.contains($0) }
    }
  }

  /// Writes what is kept back, and closes the file.
  func finish(stamp: [UInt8]) throws(TextIndexError) {
    try vocabulary.write()
    for (number, chunk) in chunks { try statements.setLengths.run(.integer(number), .blob(chunk.bytes)) }
    for (name, library) in libraries where library.documents == 0 { try remove(library, name) }
    for (name, library) in libraries {
      try statements.setLibrary.run(
        .integer(library.id), .text(name), .integer(library.documents), .integer(library.words))
      // One segment to read. Later changes are merged as they come.
      if isNew { try fullText(library.id).command("optimize") }
    }
    try database.execute("DELETE FROM meta")
    try statements.setMeta.run(.blob(stamp), .integer(try ContentChecksum.value(in: database, stamp: stamp)))
    try database.execute("COMMIT")
  }
}

/// What an index holds when writing begins.
private struct IndexContents {
  let libraries: [String: LibraryRow]
  let lastDocument: Int
}

// MARK: - Libraries

extension IndexWriter {
  /// The number of the library called `name`, which is made if it is not there.
  func library(_ name: String) throws(TextIndexError) -> Int {
    if let known = libraries[name] { return known.id }
    let id = (libraries.values.map(\.id).max() ?? 0) + 1
    try database.execute(IndexFormat.creationOfFullTextTable(id))
    libraries[name] = LibraryRow(id: id, documents: 0, words: 0)
    return id
  }

  private func remove(_ library: LibraryRow, _ name: String) throws(TextIndexError) {
    fullText[library.id] = nil
    try database.execute("DROP TABLE \(IndexFormat.fullTextTable(library.id))")
    try statements.removeLibrary.run(.integer(library.id))
    libraries[name] = nil
  }

  private func change(_ id: Int, documents: Int, words: Int) throws(TextIndexError) {
    guard let (name, library) = libraries.first(where: { $0.value.id == id }), library.documents + documents >= 0,
      library.words + words >= 0
    else { throw database.damaged("the numbers of a library") }
    libraries[name] = LibraryRow(id: id, documents: library.documents + documents, words: library.words + words)
  }

  private func fullText(_ library: Int) throws(TextIndexError) -> FullTextStatements {
    if let known = fullText[library] { return known }
    let new = try FullTextStatements(library, database)
    fullText[library] = new
    return new
  }
}

// MARK: - Documents

extension IndexWriter {
  /// Numbers of all documents.
  func documents() throws(TextIndexError) -> [Int] {
    var ids: [Int] = []
    try statements.allDocuments.rows([]) { (row) throws(TextIndexError) in
      guard 1...lastDocument ~= row.integer(0) else { throw database.damaged("the number of a document") }
      ids.append(row.integer(0))
      return true
    }
    return ids
  }

  /// What is known of a document; `nil` if there is none of this name.
  func document(_ name: String, in library: Int) throws(TextIndexError) -> (id: Int, place: Int, digest: [UInt8])? {
    try statements.findDocument.first(.integer(library), .text(name)) { (row) throws(TextIndexError) in
      (id: row.integer(0), place: row.integer(1), digest: row.bytes(2))
    }
  }

  func move(_ document: Int, to place: Int) throws(TextIndexError) {
    try statements.move.run(.integer(document), .integer(place))
  }

  /// Adds a document, with a number of its own unless it has one.
  ///
  /// - Returns: its number.
  func add(
    _ name: String, at place: Int, in library: Int, digest: [UInt8], _ text: String, as number: Int? = nil
  ) throws(TextIndexError) -> Int {
    let terms = try tokenizer.tokens(of: WordSplitter.words(of: text))
    var counts: [[UInt8]: Int] = [:]
    for term in terms { counts[term, default: 0] += 1 }
    var entries: [WordBag.Entry] = []
    for (term, count) in counts {
      entries.append(WordBag.Entry(word: try vocabulary.add(term, in: library), count: count))
    }
    let id = number ?? freeNumbers.popLast() ?? lastDocument + 1
    lastDocument = max(lastDocument, id)
    // Folding what is folded changes nothing.
    try fullText(library).add.run(.integer(id), .text(Array(terms.joined(separator: [UInt8(ascii: " ")]))))
    let bag = WordBag(entries).bytes
    try statements.add.run(
      .integer(id), .integer(library), .integer(place), .text(name), .blob(digest), .blob(bag))
    try setLength(UInt32(clamping: terms.count), of: id)
    try change(library, documents: 1, words: terms.count)
    return id
  }

  /// Takes out a document. Its number is free then.
  func remove(_ id: Int) throws(TextIndexError) {
    let found = try statements.findBag.first(.integer(id)) {
      (row) throws(TextIndexError) -> (library: Int, bag: WordBag?) in
      (row.integer(0), WordBag(bytes: row.bytes(1)))
    }
    guard let (library, bag) = found, let bag else { throw database.damaged("the words of a document") }
    var terms: [[UInt8]] = []
    for entry in bag.entries {
      // More than a document could have.
      guard entry.count <= IndexReader.documentLimit else { throw database.damaged("the words of a document") }
      terms += repeatElement(try vocabulary.remove(entry.word), count: entry.count)
    }
    try fullText(library).remove.run(.integer(id), .text(Array(terms.joined(separator: [UInt8(ascii: " ")]))))
    try statements.remove.run(.integer(id))
    try setLength(LengthChunk.none, of: id)
    try change(library, documents: -1, words: -terms.count)
  }

  private func setLength(_ length: UInt32, of document: Int) throws(TextIndexError) {
    let (number, index) = LengthChunk.place(of: document)
    if chunks[number] == nil {
      let bytes = try statements.findLengths.first(.integer(number)) { (row) throws(TextIndexError) in row.bytes(0) }
      guard let chunk = bytes.map({ LengthChunk(bytes: $0) }) ?? LengthChunk() else {
        throw database.damaged("the lengths of documents")
      }
      chunks[number] = chunk
    }
    chunks[number]?.lengths[index] = length
  }
}
