/// The words of an index while it is written: their numbers, and how many documents hold them.
final class Vocabulary {
  private struct Key: Hashable {
    let library: Int
    let term: [UInt8]
  }

  private struct Word {
    let number: Int
    /// Documents that hold it now, and did not.
    var additions = 0
  }

  /// Words to remember; beyond that all are written, and looked up again.
  private static let limit = 1 << 20

  private let find: Statement
  private let findTerm: Statement
  private let insert: Statement
  private let set: Statement
  private let removeUnused: Statement
  private let database: Database
  private var known: [Key: Word] = [:]
  /// Documents that do not hold a word any more, by its number.
  private var removals: [Int: Int] = [:]
  private var last: Int

  init(_ database: Database) throws(TextIndexError) {
    self.database = database
    find = try Statement("SELECT id FROM word WHERE library = ?1 AND term = ?2", in: database)
    findTerm = try Statement("SELECT term FROM word WHERE id = ?1", in: database)
    insert = try Statement("INSERT INTO word(id, library, term, documents) VALUES (?1, ?2, ?3, 0)", in: database)
    set = try Statement("UPDATE word SET documents = documents + ?2 WHERE id = ?1", in: database)
    removeUnused = try Statement("DELETE FROM word WHERE documents = 0", in: database)
    let last = try Statement("SELECT max(id) FROM word", in: database)
      .first { (row) throws(TextIndexError) in row.integer(0) }
    self.last = last ?? 0
    // Differences of numbers take five bytes in a bag.
    guard 0..<1 << 34 ~= self.last else { throw database.damaged("the number of a word") }
  }

  /// Notes that one document more holds a word, which gets a number if it has none.
  ///
  /// - Returns: its number.
  func add(_ term: [UInt8], in library: Int) throws(TextIndexError) -> Int {
    let key = Key(library: library, term: term)
    if let index = known.index(forKey: key) {
      known.values[index].additions += 1
      return known.values[index].number
    }
    if known.count >= Self.limit { try forget() }
    let found = try find.first(.integer(library), .text(term)) { (row) throws(TextIndexError) in row.integer(0) }
    let number = found ?? last + 1
    if found == nil {
      last = number
      try insert.run(.integer(number), .integer(library), .text(term))
    }
    known[key] = Word(number: number, additions: 1)
    return number
  }

  /// Notes that one document less holds a word.
  ///
  /// - Returns: its term.
  func remove(_ number: Int) throws(TextIndexError) -> [UInt8] {
    guard let term = try findTerm.first(.integer(number), read: { (row) throws(TextIndexError) in row.bytes(0) }) else {
      throw database.damaged("a word of a document")
    }
    removals[number, default: 0] += 1
    return term
  }

  /// Writes what changed. Words that no document holds any more go.
  func write() throws(TextIndexError) {
    try forget()
    try removeUnused.run()
  }

  private func forget() throws(TextIndexError) {
    var changes = removals.mapValues { -$0 }
    for word in known.values where word.additions > 0 { changes[word.number, default: 0] += word.additions }
    // In the order of their places in the file.
    for (number, count) in changes.sorted(by: { $0.key < $1.key }) where count != 0 {
      try set.run(.integer(number), .integer(count))
    }
    known = [:]
    removals = [:]
  }
}
