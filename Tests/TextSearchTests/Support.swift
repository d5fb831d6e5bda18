import FileSystem
import Foundation
import TestSupport
import TextSearch

/// A document as a test has it.
struct TestDocument {
  let name: String
  let text: String

  /// What tells it apart.
  var digest: [UInt8] { Array(String(text.hashValue).utf8) }
}

/// Numbers that are the same in each run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Texts whose words are as common as those of a language: the one of rank r about as 1/r.
struct TextSource {
  var generator: SeededGenerator
  let words: [String]
  private let sums: [Double]

  init(seed: UInt64, words count: Int) {
    generator = SeededGenerator(state: seed)
    words = (0..<count).map { "w\(String($0, radix: 26))" }
    var sum = 0.0
    sums = (0..<count).map { rank in
      sum += 1 / (Double(rank) + 2.7)
      return sum
    }
  }

  mutating func word() -> String {
    let point = Double.random(in: 0..<(sums.last ?? 1), using: &generator)
    var (low, high) = (0, sums.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] > point { high = middle } else { low = middle + 1 }
    }
    return words[low]
  }

  mutating func text(_ count: Int) -> String { (0..<count).map { _ in word() }.joined(separator: " ") }
}

extension TemporaryFolder {
  /// An index of one library of these documents, in the order given.
  @discardableResult
  func makeIndex(
    _ name: String, from older: String? = nil, stamp: [UInt8] = [], library: String = "docs",
    _ documents: [TestDocument]
  ) throws -> TextIndexMaker.Summary {
    try TextIndexMaker.make(at: FilePath(path(name)), from: older.map { FilePath(path($0)) }, stamp: stamp) { maker in
      for document in documents {
        try maker.put(document.name, in: library, digest: document.digest) { document.text }
      }
    }
  }

  func index(_ name: String) throws -> TextIndex { try TextIndex(at: FilePath(path(name))) }
}
