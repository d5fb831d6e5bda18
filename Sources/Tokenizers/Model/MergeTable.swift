/// What two adjacent tokens merge to, and how early (BPE, Sennrich et al. 2016, arXiv 1508.07909).
struct MergeTable: Sendable {
  /// So many merges a vocabulary has at most.
  static let countLimit = 1 << 24

  /// Two tokens' merge: its rank, the lower the earlier, above the token that it makes, so that merges order by rank.
  struct Merge: Comparable, Sendable {
    fileprivate let bits: UInt64

    /// No merge: after all others.
    static let none = Merge(bits: .max)

    init(rank: UInt32, token: Int32) { bits = UInt64(rank) << 32 | UInt64(UInt32(bitPattern: token)) }

    private init(bits: UInt64) { self.bits = bits }

    var rank: UInt32 { UInt32(truncatingIfNeeded: bits >> 32) }
    var token: Int32 { Int32(truncatingIfNeeded: bits) }

    static func < (left: Self, right: Self) -> Bool { left.bits < right.bits }
  }

  private struct Slot: Sendable {
    var pair = UInt64.max
    var merge = Merge.none
  }

  private var slots: [Slot]

  /// A table for at most `count` merges.
  init(count: Int) {
    var capacity = 16
    while capacity < 2 * count { capacity *= 2 }
    slots = [Slot](repeating: Slot(), count: capacity)
  }

  /// Sets the merge of a pair; a later one takes the place of an earlier one.
  mutating func insert(_ left: Int32, _ right: Int32, _ merge: Merge) {
    let pair = Self.pair(left, right)
    let slot = index(of: pair)
    slots[slot] = Slot(pair: pair, merge: merge)
  }

  /// The merge of two adjacent tokens, or `.none`.
  @inline(__always)
  subscript(left: Int32, right: Int32) -> Merge {
    slots[index(of: Self.pair(left, right))].merge
  }

  private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  private func index(of pair: UInt64) -> Int {
    let mask = slots.count - 1
    // Fibonacci hashing: the product's high bits depend on all of the pair's.
    var index = Int(truncatingIfNeeded: (pair &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    while slots[index].pair != pair, slots[index].pair != .max { index = (index + 1) & mask }
    return index
  }
}
