/// A walk over the trees of a database: every entry that can be reached, every defect on the way.
///
/// What lies under a defect is left out, the rest is visited. No page is visited twice, so that a damaged tree cannot
/// lead in circles.
struct TreeWalk: ~Copyable {
  /// How the keys of a tree are ordered.
  enum Order {
    /// Byte by byte.
    case bytes
    /// As integers, least significant byte first.
    case integers
  }

  private let database: DatabaseFile
  private(set) var defects: [PageDefect] = []
  private var used: PageSet

  init(_ database: DatabaseFile) {
    self.database = database
    used = PageSet(count: database.meta.pageCount)
    // The meta pages.
    _ = used.insert(0, count: 2)
  }

  /// Visits the entries of `tree` in order.
  mutating func visit(
    _ tree: Tree, order: Order = .bytes, _ body: (RawSpan, Page.Content) throws(StoreError) -> Void
  ) throws(StoreError) {
    guard let root = tree.root else { return }
    guard tree.depth <= Tree.deepest else { return report(root, .tooDeep) }
    var last: [UInt8]?
    try descend(root, levels: tree.depth, order, from: nil, before: nil, after: &last, body)
  }

  /// Notes a page that a list of free ones has; it must not be in use.
  mutating func noteFree(_ page: Int) {
    if !used.insert(page) { report(page, .freeAndUsed) }
  }

  /// Visits the entries below page `number`. Their keys are not below `start`, are below `end`, and above `last`, which
  /// becomes the last of them.
  private mutating func descend(
    _ number: Int, levels: Int, _ order: Order, from start: [UInt8]?, before end: [UInt8]?, after last: inout [UInt8]?,
    _ body: (RawSpan, Page.Content) throws(StoreError) -> Void
  ) throws(StoreError) {
    guard used.insert(number) else { return report(number, .usedTwice) }
    guard let bytes = read(number) else { return }
    let page: Page
    let count: Int
    do throws(PageDefect) {
      page = try Page(unsafe bytes.span.bytes, number: number)
      guard page.kind == (levels > 1 ? .branch : .leaf) else { throw PageDefect(page: number, problem: .otherKind) }
      guard let nodes = page.nodeCount else { throw PageDefect(page: number, problem: .nodeOutside) }
      count = nodes
    } catch {
      return defects.append(error)
    }
    for index in 0..<count {
      guard let node = page.node(index) else {
        report(number, .nodeOutside)
        continue
      }
      let key = node.key.array
      if case .page(let child) = node.content {
        let next = index + 1 < count ? page.node(index + 1)?.key.array : end
        // The first key of a branch is left empty.
        try descend(child, levels: levels - 1, order, from: index > 0 ? key : start, before: next, after: &last, body)
        continue
      }
      guard start.map({ !order.ascends(key, $0) }) ?? true, end.map({ order.ascends(key, $0) }) ?? true,
        last.map({ order.ascends($0, key) }) ?? true
      else {
        report(number, .keysOutOfOrder)
        continue
      }
      last = key
      if case .run(let first, let byteCount) = node.content,
        !used.insert(first, count: database.pagesOfValue(byteCount: byteCount))
      {
        report(first, .usedTwice)
        continue
      }
      try body(node.key, node.content)
    }
  }

  private mutating func read(_ number: Int) -> [UInt8]? {
    do throws(PageDefect) {
      return try database.bytes(ofPage: number)
    } catch {
      defects.append(error)
      return nil
    }
  }

  mutating func report(_ page: Int, _ problem: PageDefect.Problem) {
    defects.append(PageDefect(page: page, problem: problem))
  }
}

extension TreeWalk.Order {
  /// Whether `left` comes before `right`.
  fileprivate func ascends(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    switch self {
    case .bytes: left.lexicographicallyPrecedes(right)
    case .integers: left.reversed().lexicographicallyPrecedes(right.reversed())
    }
  }
}

/// A set of page numbers below a bound.
private struct PageSet {
  private var words: [UInt64]
  private let count: Int

  init(count: Int) {
    self.count = count
    words = Array(repeating: 0, count: (count + 63) / 64)
  }

  /// Whether the `number` pages from `first` on are below the bound, and new to the set. If so, they are in it now.
  mutating func insert(_ first: Int, count number: Int = 1) -> Bool {
    guard first >= 0, number >= 0, number <= count, first <= count - number else { return false }
    let pages = first..<first + number
    guard !pages.contains(where: { words[$0 / 64] >> UInt64($0 % 64) & 1 == 1 }) else { return false }
    for page in pages { words[page / 64] |= 1 << UInt64(page % 64) }
    return true
  }
}
