import FileSystem
import Foundation
import Testing

@testable import TextSearch

/// What an independent implementation made of the same texts (tools/search/make_fixtures.py).
struct SearchFixture: Decodable {
  struct Words: Decodable {
    let text: String
    let words: [String]
    let terms: [String]
  }

  struct Library: Decodable {
    struct Question: Decodable {
      let question: String
      let best: [Best]
    }

    struct Best: Decodable {
      let document: Int
      let score: Double
    }

    let documents: [String]
    let questions: [Question]
  }

  let words: [Words]
  let libraries: [Library]

  static func load() throws -> SearchFixture {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/search.json")
    return try JSONDecoder().decode(SearchFixture.self, from: Data(contentsOf: file))
  }
}

@Suite struct WordSplitterTests {
  @Test func wordsOfManyScriptsAreThoseOfTheReference() throws {
    for expected in try SearchFixture.load().words {
      let words = String(decoding: WordSplitter.words(of: expected.text), as: UTF8.self)
      // By bytes: strings would be equal by canonical equivalence.
      #expect(Array(words.utf8) == Array(expected.words.joined(separator: " ").utf8), "\(expected.text)")
    }
  }

  @Test func foldedWordsAreThoseOfTheReference() throws {
    let database = try Database("/dev/null", .immutable)
    let tokenizer = try FullTextExtension(database).tokenizer(IndexFormat.tokenizerArguments)
    for expected in try SearchFixture.load().words {
      let terms = try tokenizer.tokens(of: WordSplitter.words(of: expected.text))
      #expect(terms == expected.terms.map { Array($0.utf8) }, "\(expected.text)")
    }
  }

  /// Removing a document relies on it: its terms, folded once more, are still its terms.
  @Test func aWordOfOurTextIsOneTermAndFoldingItAgainChangesNothing() throws {
    let database = try Database("/dev/null", .immutable)
    let tokenizer = try FullTextExtension(database).tokenizer(IndexFormat.tokenizerArguments)
    var text: [UInt8] = []
    var count = 0
    for value in UInt32(0x41)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let words = WordSplitter.words(of: String(String.UnicodeScalarView([scalar])))
      guard !words.isEmpty else { continue }
      count += words.split(separator: UInt8(ascii: " ")).count
      text += words + [UInt8(ascii: " ")]
    }
    let terms = try tokenizer.tokens(of: text)
    #expect(terms.count == count)
    #expect(count > 130_000)
    #expect(try tokenizer.tokens(of: Array(terms.joined(separator: [UInt8(ascii: " ")]))) == terms)
  }

  @Test func aWordWithoutEndIsCut() {
    let words = WordSplitter.words(of: String(repeating: "é", count: 1_000_000) + " end")
    #expect(words.count == WordSplitter.longestWord + 4)
  }
}
