/// The `count` tokens with the greatest scores, in falling order, among equals the lower ID first. A score that is no
/// number counts as the lowest.
func likeliestTokens(_ count: Int, of scores: Span<Float>) -> [Int32] {
  guard count > 0 else { return [] }
  // A heap of the best so far, its root the worst of them.
  var heap: [Int32] = []
  heap.reserveCapacity(min(count, scores.count))
  func isWorse(_ left: Int32, _ right: Int32, _ scores: Span<Float>) -> Bool {
    let (a, b) = (ordered(scores[Int(left)]), ordered(scores[Int(right)]))
    return a < b || a == b && left > right
  }
  for index in scores.indices {
    let token = Int32(truncatingIfNeeded: index)
    if heap.count < count {
      heap.append(token)
      var child = heap.count - 1
      while child > 0, isWorse(heap[child], heap[(child - 1) / 2], scores) {
        heap.swapAt(child, (child - 1) / 2)
        child = (child - 1) / 2
      }
    } else if isWorse(heap[0], token, scores) {
      heap[0] = token
      var parent = 0
      while true {
        var worst = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
          if isWorse(heap[child], heap[worst], scores) { worst = child }
        }
        if worst == parent { break }
        heap.swapAt(parent, worst)
        parent = worst
      }
    }
  }
  let best = heap.map { (token: $0, score: ordered(scores[Int($0)])) }
  return best.sorted { $0.score > $1.score || $0.score == $1.score && $0.token < $1.token }.map(\.token)
}

private func ordered(_ score: Float) -> Float { score.isNaN ? -.infinity : score }
