internal import ContentHash
internal import PMLCompiler

/// Encodings that are still to be computed, in an order in which each stands behind what it sees.
struct EncodingQueue {
  private let graph: any EncodingGraph
  private var order: [Int]
  /// Digests of those that are left.
  private var left: Set<SHA256Digest>

  /// Encodings that are looked at for one pass, beside those that it takes.
  private static let sight = 64

  init(_ order: [Int], in graph: any EncodingGraph) {
    self.graph = graph
    // From the end, so that those in front are removed at no cost.
    self.order = order.reversed()
    left = Set(order.map(graph.digest(of:)))
  }

  /// Whether nothing is left that is kept: nobody needs placeholders alone.
  var isEmpty: Bool { !order.contains(where: graph.isStored) }

  /// The next encodings of which none sees one that is left, as many as make `tokens` together, or one.
  ///
  /// - Parameter mayTake: whether the caller may compute one; those that it may not stay.
  func next(tokens: Int, _ mayTake: (Int) throws(PromptCacheError) -> Bool) throws(PromptCacheError) -> [Int] {
    var taken: [Int] = []
    var count = 0
    var passed = 0
    for encoding in order.reversed() {
      guard passed < Self.sight else { break }
      guard !graph.context(of: encoding).contains(where: { left.contains(graph.digest(of: $0.encoding)) }) else {
        passed += 1
        continue
      }
      guard taken.isEmpty || count + graph.tokenCount(of: encoding) <= tokens else { break }
      guard try mayTake(encoding) else {
        passed += 1
        continue
      }
      taken.append(encoding)
      count += graph.tokenCount(of: encoding)
    }
    return taken
  }

  /// Removes encodings that are there now.
  mutating func remove(_ done: [Int]) {
    guard !done.isEmpty else { return }
    let digests = Set(done.map(graph.digest(of:)))
    left.subtract(digests)
    order = order.filter { !digests.contains(graph.digest(of: $0)) }
  }
}
