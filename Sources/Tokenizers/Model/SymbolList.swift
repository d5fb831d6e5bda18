/// A run of symbols that merge: a doubly linked list in arrays, with the merge of each symbol and the next one.
struct SymbolList {
  private let table: Merges
  private var symbols: [Int32]
  private var next: [Int]
  private var previous: [Int]
  /// The merge of a symbol with the one after it.
  private var merges: [MergeTable.Merge]
  private var queue = MergeQueue()

  init(_ symbols: [Int32], merges table: Merges) {
    self.table = table
    self.symbols = symbols
    next = Array(1..<symbols.count + 1)
    previous = Array(-1..<symbols.count - 1)
    merges = [MergeTable.Merge](repeating: .none, count: symbols.count)
    for index in symbols.indices.dropLast() {
      merges[index] = table[symbols[index], symbols[index + 1]]
      guard merges[index] != .none else { continue }
      queue.append(MergeQueue.Entry(rank: merges[index].rank, position: index))
    }
    queue.order()
  }

  /// Merges until nothing is left to merge.
  mutating func merge() {
    while let entry = queue.pop() {
      let left = entry.position
      let merge = merges[left]
      // An entry outlives its pair when one of the two merges with a neighbour; a pair's rank is its own, or that of
      // pairs which spell the same.
      guard merge != .none, merge.rank == entry.rank else { continue }
      let right = next[left]
      symbols[left] = merge.token
      merges[right] = .none
      next[left] = next[right]
      if next[left] < symbols.count { previous[next[left]] = left }
      update(left)
      if previous[left] >= 0 { update(previous[left]) }
    }
  }

  /// Appends what is left, in order.
  func appendTokens(to tokens: inout [Int32]) {
    var index = 0
    while index < symbols.count {
      tokens.append(symbols[index])
      index = next[index]
    }
  }

  /// Looks up the merge of a symbol with the one after it.
  private mutating func update(_ index: Int) {
    merges[index] = next[index] < symbols.count ? table[symbols[index], symbols[next[index]]] : .none
    guard merges[index] != .none else { return }
    queue.push(MergeQueue.Entry(rank: merges[index].rank, position: index))
  }
}
