/// Merges that may be due in a run of symbols, lowest rank first, then leftmost: a binary heap.
struct MergeQueue {
  /// One merge: its rank above the position of its left symbol, so that entries order as they are due.
  struct Entry: Comparable {
    /// `MergeTable.countLimit` leaves 40 bits for positions: those of a terabyte.
    private static let positionBits: UInt64 = 40
    private let bits: UInt64

    init(rank: UInt32, position: Int) {
      bits = UInt64(rank) << Self.positionBits | UInt64(truncatingIfNeeded: position)
    }

    var rank: UInt32 { UInt32(truncatingIfNeeded: bits >> Self.positionBits) }
    var position: Int { Int(truncatingIfNeeded: bits & (1 << Self.positionBits - 1)) }

    static func < (left: Self, right: Self) -> Bool { left.bits < right.bits }
  }

  private var entries: [Entry] = []

  /// Adds an entry without keeping the order; `order()` must come before the first `pop`.
  mutating func append(_ entry: Entry) { entries.append(entry) }

  /// Makes a heap of what was appended.
  mutating func order() {
    for index in stride(from: entries.count / 2 - 1, through: 0, by: -1) { sink(index) }
  }

  mutating func push(_ entry: Entry) {
    entries.append(entry)
    var index = entries.count - 1
    while index > 0 {
      let parent = (index - 1) / 2
      guard entry < entries[parent] else { break }
      entries[index] = entries[parent]
      index = parent
    }
    entries[index] = entry
  }

  mutating func pop() -> Entry? {
    guard let first = entries.first, let last = entries.popLast() else { return nil }
    if !entries.isEmpty {
      entries[0] = last
      sink(0)
    }
    return first
  }

  private mutating func sink(_ start: Int) {
    let entry = entries[start]
    var index = start
    while true {
      var child = 2 * index + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1] < entries[child] { child += 1 }
      guard entries[child] < entry else { break }
      entries[index] = entries[child]
      index = child
    }
    entries[index] = entry
  }
}
