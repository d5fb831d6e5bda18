internal import Glibc

/// How well a word in a document answers a question: Okapi BM25 (Robertson and Zaragoza, 2009) as FTS5's `bm25()` has it, step
/// by step, so that scores are its own to the last bit, but for the sign: here more is better.
struct BM25 {
  static let k1 = 1.2
  static let b = 0.75
  /// What a word in half of the documents or more weighs, for which the formula gives nothing or less.
  static let least = 1e-6

  /// Words in a document, on average.
  let averageLength: Double

  init(documents: Int, words: Int) { averageLength = Double(words) / Double(documents) }

  /// The weight of a word that is in `count` of `documents` documents.
  static func weight(inDocuments count: Int, of documents: Int) -> Double {
    let weight = log((Double(documents) - Double(count) + 0.5) / (Double(count) + 0.5))
    return weight > 0 ? weight : least
  }

  /// The most that a word of this weight adds to a score, however often it is there.
  static func bound(_ weight: Double) -> Double { weight * (k1 + 1) }

  /// What a word of this weight adds to the score of a document of `length` words that holds it `count` times.
  func part(_ weight: Double, count: Int, length: Int) -> Double {
    let frequency = Double(count)
    let relative = Self.b * Double(length) / averageLength
    return weight * ((frequency * (Self.k1 + 1)) / (frequency + Self.k1 * (1 - Self.b + relative)))
  }
}
