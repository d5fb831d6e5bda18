/// The best documents for a question, without looking at all that hold one of its words.
///
/// Words are taken by the most that they can add to a score, which for rare ones is much. As soon as all that are left could
/// not lift a document above the best ones found, no new documents are let in; as soon as few are left to choose from, their bags
/// of words give their scores (Turtle and Flood's MaxScore, 1995, by words in place of documents). That leaves out only
/// what cannot be among the best, so the result is that of a full search.
extension IndexReader {
  /// Scores summed in another order differ in their last bits, which must not leave out a document.
  private static let slack = 1e-9
  /// As many postings are read in the time in which one document's bag is.
  private static let postingsPerBag = 250

  func best(_ count: Int, for query: String, in library: LibraryRow) throws(TextIndexError) -> [TextIndex.Match] {
    let question = try Question(terms(of: query), in: library, self)
    let bm25 = BM25(documents: library.documents, words: library.words)
    let (candidates, rest) = try candidates(for: question, count: count, in: library, bm25)
    var best = Largest(count)
    var found: [(match: TextIndex.Match, place: Int)] = []
    for candidate in candidates {
      if let least = best.least, (candidate.score + rest) * (1 + Self.slack) < least { break }
      let document = try document(candidate.document, in: library)
      let length = try length(of: candidate.document)
      guard let score = question.score(of: document.bag, length: length, bm25) else {
        throw database.damaged("the words of document \(document.name)")
      }
      best.add(score)
      found.append((TextIndex.Match(name: document.name, score: score), document.place))
    }
    found.sort { $0.match.score == $1.match.score ? $0.place < $1.place : $0.match.score > $1.match.score }
    return found.prefix(count).map(\.match)
  }

  /// Documents among which the best ones are, with the scores that some of the words give them, the highest first; and the
  /// most that the others add.
  private func candidates(
    for question: Question, count: Int, in library: LibraryRow, _ bm25: BM25
  ) throws(TextIndexError) -> (found: [(document: Int, score: Double)], rest: Double) {
    let words = question.words.sorted { $0.bound > $1.bound }
    // What the words behind each one add at most.
    let bounds = words.reversed().reduce(into: [0.0]) { $0.append($0[$0.count - 1] + $1.bound) }.reversed().dropFirst()
    var postingsLeft = words.reduce(0) { $0 + $1.documents }
    var scores = [Double](repeating: 0, count: lastDocument + 1)
    var found: [UInt32] = []
    var letsNewIn = true
    var bound = 0.0
    for (word, rest) in zip(words, bounds) {
      if !letsNewIn, found.count * Self.postingsPerBag <= postingsLeft { break }
      for posting in try postings(of: word.term, in: library) {
        let document = Int(posting.document)
        let isNew = scores[document] == 0
        if isNew, !letsNewIn { continue }
        let length = try length(of: document)
        scores[document] += word.repeats * bm25.part(word.weight, count: Int(posting.count), length: length)
        if isNew { found.append(posting.document) }
      }
      postingsLeft -= word.documents
      bound = rest
      var best = Largest(count)
      for document in found { best.add(scores[Int(document)]) }
      guard let least = best.least else { continue }
      if rest * (1 + Self.slack) < least { letsNewIn = false }
      found.removeAll { (scores[Int($0)] + rest) * (1 + Self.slack) < least }
    }
    let sorted = found.map { (document: Int($0), score: scores[Int($0)]) }.sorted { $0.score > $1.score }
    return (sorted, bound)
  }
}

/// A question's words that are in a library.
private struct Question {
  struct Word {
    let term: [UInt8]
    let id: Int
    /// How many documents hold it.
    let documents: Int
    let weight: Double
    /// How often it is in the question.
    var repeats = 1.0

    /// The most that it adds to a score.
    var bound: Double { repeats * BM25.bound(weight) }
  }

  private(set) var words: [Word] = []
  /// Words as they follow each other in the question, by their index in `words`.
  private var order: [Int] = []
  /// Indices in `words` by rising number of the word.
  private let byNumber: [Int]

  init(_ terms: [[UInt8]], in library: LibraryRow, _ reader: IndexReader) throws(TextIndexError) {
    var indices: [[UInt8]: Int?] = [:]
    var (words, order): ([Word], [Int]) = ([], [])
    for term in terms {
      if let known = indices[term] {
        guard let index = known else { continue }
        words[index].repeats += 1
        order.append(index)
        continue
      }
      guard let (id, documents) = try reader.word(term, in: library) else {
        indices[term] = .some(nil)
        continue
      }
      indices[term] = words.count
      order.append(words.count)
      let weight = BM25.weight(inDocuments: documents, of: library.documents)
      words.append(Word(term: term, id: id, documents: documents, weight: weight))
    }
    byNumber = words.indices.sorted { words[$0].id < words[$1].id }
    self.words = words
    self.order = order
  }

  /// The score of a document, summed in the order of the question; `nil` if the bytes hold no bag.
  func score(of bag: [UInt8], length: Int, _ bm25: BM25) -> Double? {
    var parts = [Double](repeating: 0, count: words.count)
    var reader = WordBag.Reader(bag)
    var entry = reader.next()
    for index in byNumber {
      while let current = entry, current.word < words[index].id { entry = reader.next() }
      guard let current = entry else { break }
      if current.word == words[index].id {
        parts[index] = bm25.part(words[index].weight, count: current.count, length: length)
      }
    }
    return reader.isDamaged ? nil : order.reduce(0) { $0 + parts[$1] }
  }
}
