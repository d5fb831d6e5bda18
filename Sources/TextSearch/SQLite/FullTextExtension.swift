internal import CSQLite

/// A document that holds a word, and how often.
struct Posting {
  var document: UInt32
  var count: UInt32
}

/// What FTS5 offers to those that extend it: its tokenizer, and where a word stands, without a row of SQL for each document.
@safe final class FullTextExtension {
  /// The SQL function that gathers the documents of the first phrase of a query.
  static let functionName = "gather_postings"

  private let database: Database
  private let interface: UnsafeMutablePointer<fts5_api>
  /// Lives as long as the connection may call the function.
  private let sink = PostingSink()

  init(_ database: Database) throws(TextIndexError) {
    var statement: OpaquePointer?
    try database.check(
      unsafe sqlite3_prepare_v2(database.handle, "SELECT fts5(?1)", -1, &statement, nil), "sqlite3_prepare")
    defer { unsafe sqlite3_finalize(statement) }
    var interface: UnsafeMutablePointer<fts5_api>?
    unsafe withUnsafeMutablePointer(to: &interface) { address in
      unsafe "fts5_api_ptr".withCString { type in
        unsafe sqlite3_bind_pointer(statement, 1, address, type, nil)
        unsafe sqlite3_step(statement)
        unsafe sqlite3_clear_bindings(statement)
      }
    }
    guard let interface = unsafe interface else {
      throw database.failed("fts5")
    }
    unsafe self.interface = interface
    self.database = database
    let context = unsafe Unmanaged.passUnretained(sink).toOpaque()
    try database.check(
      unsafe interface.pointee.xCreateFunction(interface, Self.functionName, context, gatherPostings, nil),
      "fts5_api.xCreateFunction")
  }

  /// The tokenizer called `unicode61`, set up with `arguments`.
  func tokenizer(_ arguments: [String]) throws(TextIndexError) -> Tokenizer {
    try unsafe Tokenizer(interface, arguments, database)
  }

  /// Documents, in the order of their numbers, that hold `term`.
  ///
  /// - Parameters:
  ///   - query: selects the function for the rows of its one parameter.
  ///   - limit: the highest number that a document has.
  func postings(of term: [UInt8], by query: Statement, limit: Int) throws(TextIndexError) -> [Posting] {
    sink.found = Postings(limit: limit)
    let quote = UInt8(ascii: "\"")
    // A term is letters, marks and numbers, so it holds no quote.
    try query.rows([.text([quote] + term + [quote])]) { _ throws(TextIndexError) in false }
    return sink.found.all
  }
}

/// What the callbacks find.
private struct Postings {
  var all: [Posting] = []
  /// The highest number that a document has.
  var limit = 0
}

/// Where they leave it.
private final class PostingSink {
  var found = Postings()
}

/// Runs once for a query, at its first row: visits all rows of its first phrase.
private func gatherPostings(
  _ api: UnsafePointer<Fts5ExtensionApi>?, _ rows: OpaquePointer?, _ result: OpaquePointer?, _ count: Int32,
  _ values: UnsafeMutablePointer<OpaquePointer?>?
) {
  guard let api = unsafe api, let context = unsafe api.pointee.xUserData(rows) else { return }
  let sink = unsafe Unmanaged<PostingSink>.fromOpaque(context).takeUnretainedValue()
  let code = unsafe withUnsafeMutablePointer(to: &sink.found) { found in
    unsafe api.pointee.xQueryPhrase(rows, 0, found, addPosting)
  }
  if code != SQLITE_OK { unsafe sqlite3_result_error_code(result, code) }
}

private func addPosting(
  _ api: UnsafePointer<Fts5ExtensionApi>?, _ row: OpaquePointer?, _ context: UnsafeMutableRawPointer?
) -> Int32 {
  guard let api = unsafe api, let context = unsafe context else { return SQLITE_MISUSE }
  let found = unsafe context.assumingMemoryBound(to: Postings.self)
  let document = unsafe Int(api.pointee.xRowid(row))
  guard document > 0, unsafe document <= found.pointee.limit else { return SQLITE_CORRUPT_VTAB }
  var iterator = unsafe Fts5PhraseIter()
  var (column, offset): (Int32, Int32) = (0, 0)
  var count: UInt32 = 0
  let code = unsafe api.pointee.xPhraseFirst(row, 0, &iterator, &column, &offset)
  guard code == SQLITE_OK else { return code }
  while column >= 0 {
    count &+= 1
    unsafe api.pointee.xPhraseNext(row, &iterator, &column, &offset)
  }
  unsafe found.pointee.all.append(Posting(document: UInt32(truncatingIfNeeded: document), count: count))
  return SQLITE_OK
}

/// FTS5's error for a virtual table whose contents are damaged, a macro that Swift does not import.
private let SQLITE_CORRUPT_VTAB = SQLITE_CORRUPT | 1 << 8
