/// A set of page numbers below a bound.
struct PageSet {
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
