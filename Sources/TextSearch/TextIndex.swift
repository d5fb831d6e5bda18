package import FileSystem
import Synchronization

/// Full-text search over the documents of libraries: one file, which never changes once it is in its place.
///
/// It holds words, not texts. Any number of processes may have the file open, and another may be put in its place meanwhile;
/// threads take turns.
package final class TextIndex: Sendable {
  /// A document that suits a question.
  package struct Match: Hashable, Sendable {
    /// The document's name in its library.
    package let name: String
    /// BM25 (k1 = 1.2, b = 0.75); more is better, and all are above 0.
    package let score: Double
  }

  /// The file.
  package let path: FilePath
  /// What the maker gave to tell which contents are indexed.
  package let stamp: [UInt8]
  private let reader: Mutex<IndexReader>

  /// Opens the index at `path` for reading. Its length and its tables are checked, its contents as they are used.
  ///
  /// - Throws: `TextIndexError`: `noIndex`, `notAnIndex`, `newerFormat`, `damaged`, or what the system refuses.
  package init(at path: FilePath) throws(TextIndexError) {
    try IndexHeader.check(path)
    let reader = try IndexReader(Database(path, .immutable))
    self.path = path
    stamp = reader.stamp
    self.reader = Mutex(reader)
  }

  /// How many documents a library has: 0 for one that is not there.
  package func documentCount(in library: String) -> Int {
    reader.withLock { $0.libraries[library]?.documents ?? 0 }
  }

  /// Names of the libraries, in no order.
  package var libraries: [String] { reader.withLock { Array($0.libraries.keys) } }

  /// The documents of `library` that suit `query` best: at most `count`, fewer if fewer hold one of its words.
  ///
  /// All of the question is words (`WordSplitter`), whatever it is written in; one that is there twice counts twice. Scores
  /// are BM25 over the documents of the library. A word in half of them or more weighs a millionth, so that it decides only
  /// between documents that are else alike. Those with the same score come in the library's order. Neither scores nor order
  /// depend on how the index came to be what it is.
  ///
  /// - Throws: `TextIndexError.damaged` where the file is not what was written, or what the system refuses.
  package func best(_ count: Int, for query: String, in library: String) throws(TextIndexError) -> [Match] {
    try reader.withLock { (reader) throws(TextIndexError) in
      guard count > 0, let row = reader.libraries[library] else { return [] }
      return try reader.best(count, for: query, in: row)
    }
  }
}
