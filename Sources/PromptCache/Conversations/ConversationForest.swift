internal import Engine

/// States of texts, page by page: a tree for each thing that texts stand on, in which a page is followed by those of all
/// texts that go on from it.
///
/// Only a whole page is gone on from. Of one that is not, a longer one takes the place.
struct ConversationForest: Sendable {
  private typealias Page = Int

  /// A page of states, and the tokens that it has.
  private struct Node: Sendable {
    let basis: RememberedText.Basis
    let tokens: [Int32]
    let positions: [Int32]
    let states: StatePage
    /// The page in front of it; `nil` for the first one of a text.
    let previous: Page?
    var next: [Page] = []
    /// No page is used without those in front of it.
    var lastUse: Int

    /// Bytes of its states and tokens.
    var byteCount: Int { states.byteCount + 2 * tokens.count * MemoryLayout<Int32>.stride }

    /// How many tokens from `start` on a text has in common with it.
    func common(with text: RememberedText, from start: Int, to end: Int) -> Int {
      var count = 0
      while count < tokens.count, start + count < end, tokens[count] == text.tokens[start + count],
        positions[count] == text.positions[start + count]
      {
        count += 1
      }
      return count
    }
  }

  private var nodes: [Page: Node] = [:]
  private var firstPages: [RememberedText.Basis: [Page]] = [:]
  private var byteCount = 0
  private var uses = 0
  private var made = 0

  var usage: ConversationMemory.Usage {
    ConversationMemory.Usage(
      byteCount: byteCount, conversations: nodes.values.count { $0.next.isEmpty },
      tokens: nodes.values.reduce(0) { $0 + $1.tokens.count })
  }

  func count(of text: RememberedText) -> Int { path(of: text, most: text.tokens.count).count }

  /// A moment of use, later than those before.
  mutating func nextUse() -> Int {
    uses += 1
    return uses
  }

  mutating func beginning(of text: RememberedText, most: Int, use: Int) -> SequenceBeginning? {
    let (pages, count) = path(of: text, most: most)
    guard count > 0 else { return nil }
    touch(pages, use)
    return SequenceBeginning(pages.compactMap { nodes[$0]?.states }, count: count)
  }

  mutating func keep(_ beginning: SequenceBeginning, of text: RememberedText, use: Int, byteLimit: Int) {
    precondition(beginning.count == text.tokens.count, "\(beginning.count) states of \(text.tokens.count) tokens")
    var path: [Page] = []
    for (states, range) in zip(beginning.pages, PageLayout().pageRanges(of: beginning.count)) {
      let known = pages(behind: path.last, of: text.basis).first { page in
        nodes[page]?.common(with: text, from: range.lowerBound, to: range.upperBound) == range.count
      }
      path.append(known ?? add(states, of: text, range, behind: path.last))
    }
    touch(path, use)
    while byteCount > byteLimit, removeLeastRecentlyUsed() {}
  }

  /// The pages that have the first tokens of a text, and how many tokens these are.
  private func path(of text: RememberedText, most: Int) -> (pages: [Page], count: Int) {
    var (path, count): ([Page], Int) = ([], 0)
    while true {
      var (best, common): (Page?, Int) = (nil, 0)
      for page in pages(behind: path.last, of: text.basis) {
        let tokens = nodes[page]?.common(with: text, from: count, to: most) ?? 0
        if tokens > common { (best, common) = (page, tokens) }
      }
      guard let best else { return (path, count) }
      let isWhole = common == PageLayout().capacity(behind: count)
      path.append(best)
      count += common
      guard isWhole else { return (path, count) }
    }
  }

  private func pages(behind page: Page?, of basis: RememberedText.Basis) -> [Page] {
    if let page { nodes[page]?.next ?? [] } else { firstPages[basis] ?? [] }
  }

  private mutating func add(
    _ states: StatePage, of text: RememberedText, _ range: Range<Int>, behind previous: Page?
  ) -> Page {
    // What it goes on from in the same page is not needed besides.
    for page in pages(behind: previous, of: text.basis) {
      guard let node = nodes[page], node.next.isEmpty,
        node.common(with: text, from: range.lowerBound, to: range.upperBound) == node.tokens.count
      else { continue }
      remove(page)
    }
    made += 1
    let node = Node(
      basis: text.basis, tokens: Array(text.tokens[range]), positions: Array(text.positions[range]), states: states,
      previous: previous, lastUse: 0)
    nodes[made] = node
    byteCount += node.byteCount
    if let previous { nodes[previous]?.next.append(made) } else { firstPages[text.basis, default: []].append(made) }
    return made
  }

  private mutating func touch(_ pages: [Page], _ use: Int) {
    for page in pages { nodes[page]?.lastUse.raise(to: use) }
  }

  /// Removes the end of a conversation.
  ///
  /// - Returns: whether there was one.
  private mutating func removeLeastRecentlyUsed() -> Bool {
    let ends = nodes.lazy.filter { $0.value.next.isEmpty }
    guard let end = ends.min(by: { ($0.value.lastUse, $0.key) < ($1.value.lastUse, $1.key) }) else { return false }
    remove(end.key)
    return true
  }

  /// Removes a page that none is behind.
  private mutating func remove(_ page: Page) {
    guard let node = nodes.removeValue(forKey: page) else { return }
    byteCount -= node.byteCount
    if let previous = node.previous {
      nodes[previous]?.next.removeAll { $0 == page }
    } else {
      firstPages[node.basis]?.removeAll { $0 == page }
      if firstPages[node.basis]?.isEmpty == true { firstPages[node.basis] = nil }
    }
  }
}

extension Int {
  fileprivate mutating func raise(to other: Int) { self = Swift.max(self, other) }
}
