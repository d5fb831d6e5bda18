import KVCacheFormat

/// Where the tokens of a sequence lie, page by page: the longer the sequence, the larger its pages, up to a bound. They are
/// multiples of what the attention kernel takes at a time, and do not depend on the parts in which tokens come.
///
/// A sequence may begin with sections, each of which is a page of its own: attention meets them as it meets cached segments
/// of the same lengths, and rounds the same.
package struct PageLayout: Hashable, Sendable {
  /// Tokens up to the end of each section, rising.
  private let sectionEnds: [Int]

  /// A sequence that begins with sections of these numbers of tokens, each one or more.
  package init(sections: [Int] = []) {
    precondition(sections.allSatisfy { $0 > 0 }, "sections of \(sections) tokens")
    var end = 0
    sectionEnds = sections.map { tokens in
      end += tokens
      return end
    }
  }

  /// Tokens of all sections.
  package var sectionTokens: Int { sectionEnds.last ?? 0 }

  /// The section that the token behind the first `tokens` ones lies in; from where sections end to where the sequence does if
  /// there is none.
  func section(behind tokens: Int) -> Range<Int> {
    guard tokens < sectionTokens, let index = sectionEnds.firstIndex(where: { $0 > tokens }) else {
      return sectionTokens..<Int.max
    }
    return (index == 0 ? 0 : sectionEnds[index - 1])..<sectionEnds[index]
  }

  /// Tokens of the page behind the first `tokens` ones, which fill pages.
  package func capacity(behind tokens: Int) -> Int {
    let section = section(behind: tokens)
    guard section.lowerBound < sectionTokens else { return tokens - sectionTokens < 256 ? 128 : 256 }
    return section.upperBound - tokens
  }

  /// The tokens of each page of the first `count` ones.
  package func pageRanges(of count: Int) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    while start < count {
      let end = start + capacity(behind: start)
      ranges.append(start..<min(end, count))
      start = end
    }
    return ranges
  }

  /// Tiles that the first `count` tokens lie in.
  func tiles(of count: Int) -> Int {
    var (tiles, start) = (0, 0)
    // One walk over the sections: tasks of attention ask this.
    for end in sectionEnds where start < count {
      tiles += Self.tiles(min(end, count) - start)
      start = end
    }
    return tiles + Self.tiles(max(count - start, 0))
  }

  private static func tiles(_ tokens: Int) -> Int { (tokens + KVBlobLayout.tileTokens - 1) / KVBlobLayout.tileTokens }

  /// How many rows from `token` on attention takes together, where it takes up to `most`.
  func rows(from token: Int, atMost most: Int) -> Int {
    let section = section(behind: token)
    return min(most - (token - section.lowerBound) % most, section.upperBound - token)
  }
}
