import FileSystem
import Foundation
import TestSupport
import Testing

@testable import TextSearch

@Suite struct SearchTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func bestDocumentsAndScoresAreThoseOfTheReference() throws {
    for library in try SearchFixture.load().libraries {
      let documents = library.documents.enumerated().map { TestDocument(name: "\($0)", text: $1) }
      try folder.makeIndex("index", documents)
      let index = try folder.index("index")
      #expect(index.documentCount(in: "docs") == documents.count)
      for question in library.questions {
        let expected = question.best.map { TextIndex.Match(name: "\($0.document)", score: $0.score) }
        for count in [0, 1, 2, 4, 16, documents.count] {
          let found = try index.best(count, for: question.question, in: "docs")
          #expect(found == Array(expected.prefix(count)), "\(question.question), \(count)")
        }
      }
    }
  }

  /// What the search leaves out is never among the best: compared with FTS5's own ranking of all documents of the same file.
  @Test(arguments: [1, 2, 3]) func leavingOutChangesNothing(seed: UInt64) throws {
    var source = TextSource(seed: seed, words: 2000)
    let documents = (0..<3000).map { number in
      TestDocument(name: "d\(number)", text: source.text(Int.random(in: 0...80, using: &source.generator)))
    }
    try folder.makeIndex("index", documents)
    let index = try folder.index("index")
    let plain = try PlainSearch(FilePath(folder.path("index")), documents.map(\.name))
    for size in [1, 2, 3, 5, 10, 15, 15, 15, 30, 60] {
      for _ in 0..<10 {
        let question = source.text(size)
        let expected = try plain.best(question)
        for count in [1, 4, 16, 3000] {
          #expect(try index.best(count, for: question, in: "docs") == Array(expected.prefix(count)), "\(question)")
        }
      }
    }
    // Words that are nearly everywhere, alone.
    let common = source.words.prefix(3).joined(separator: " ")
    #expect(try index.best(8, for: common, in: "docs") == Array(plain.best(common).prefix(8)))
  }

  @Test func librariesAreScoredApart() throws {
    let path = FilePath(folder.path("index"))
    try TextIndexMaker.make(at: path, stamp: [1, 2, 3]) { maker in
      try maker.put("a", in: "one", digest: [1]) { "red apple" }
      try maker.put("a", in: "two", digest: [1]) { "green apple tree" }
      try maker.put("b", in: "one", digest: [2]) { "red car" }
      try maker.put("c", in: "one", digest: [2]) { "blue" }
    }
    let index = try TextIndex(at: path)
    #expect(index.stamp == [1, 2, 3])
    #expect(Set(index.libraries) == ["one", "two"])
    #expect(try index.best(9, for: "apple", in: "one").map(\.name) == ["a"])
    #expect(try index.best(9, for: "tree", in: "one").isEmpty)
    #expect(try index.best(9, for: "tree", in: "two").map(\.name) == ["a"])
    #expect(try index.best(9, for: "tree", in: "three").isEmpty)
    #expect(index.documentCount(in: "three") == 0)
    try TextIndex.check(path)
  }

  @Test func noQuestionIsAnError() throws {
    try folder.makeIndex(
      "index", [TestDocument(name: "a", text: "near or and not"), TestDocument(name: "b", text: "x")])
    let index = try folder.index("index")
    let hostile = [
      "", " ", "\"", "'", "\"\"\"", "* ^ :", "a AND", "NOT", "NEAR(", "a\0b", "\0", "👍", "(((((", "words : x", "-x",
      "{x}",
      String(repeating: "x y ", count: 25_000), String(repeating: "(", count: 100_000),
      String(repeating: "z", count: 100_000), (0..<20_000).map { "q\($0)" }.joined(separator: " "), "\u{FFFD}\u{301}",
    ]
    for question in hostile { _ = try index.best(4, for: question, in: "docs") }
    #expect(try index.best(4, for: "NEAR", in: "docs").map(\.name) == ["a"])
    #expect(try index.best(4, for: "\"near\" AND (x", in: "docs").count == 2)
  }

  @Test func manyThreadsMaySearch() async throws {
    var source = TextSource(seed: 5, words: 300)
    try folder.makeIndex("index", (0..<300).map { TestDocument(name: "\($0)", text: source.text(30)) })
    let index = try folder.index("index")
    let question = source.text(6)
    let expected = try index.best(5, for: question, in: "docs")
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<64 { group.addTask { (try? index.best(5, for: question, in: "docs")) == expected } }
      for await isRight in group { #expect(isRight) }
    }
  }
}

/// FTS5's own search of the same file: all documents that hold a word, by `bm25()`.
private struct PlainSearch {
  private let database: Database
  private let tokenizer: Tokenizer
  private let statement: Statement

  init(_ path: FilePath, _ names: [String]) throws {
    database = try Database(path, .immutable)
    tokenizer = try FullTextExtension(database).tokenizer(IndexFormat.tokenizerArguments)
    statement = try Statement(
      """
      SELECT d.name, f.score FROM (SELECT rowid AS id, -bm25(text_1) AS score FROM text_1 WHERE text_1 MATCH ?1) f
      JOIN document d ON d.id = f.id ORDER BY f.score DESC, d.place
      """, in: database)
  }

  func best(_ question: String) throws -> [TextIndex.Match] {
    let words = WordSplitter.words(of: question).split(separator: UInt8(ascii: " "))
    let query = words.map { "\"\(String(decoding: $0, as: UTF8.self))\"" }.joined(separator: " OR ")
    var found: [TextIndex.Match] = []
    try statement.rows([.text(query)]) { (row) throws(TextIndexError) in
      found.append(TextIndex.Match(name: row.text(0), score: row.number(1)))
      return true
    }
    return found
  }
}
