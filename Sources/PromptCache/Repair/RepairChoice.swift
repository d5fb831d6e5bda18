/// Which cached tokens of a prompt are computed again, so that a share of those that are not exact is spent where it helps
/// most.
///
/// In this order, until the share is spent: the first four tokens of every module; then whole modules, the best first; then,
/// where no module fits any more, single tokens, the best first. The best module of all may pass the share if half of it
/// fits. Ties go by position, so a choice is repeatable.
struct RepairChoice {
  /// Cached tokens of a prompt that are not exact, side by side: one part of it.
  struct Segment {
    /// Index of the module whose text they are.
    let module: Int
    /// Number of tokens.
    let count: Int
    /// Those that can be computed again whichever others are. Of the rest only the first ones can, or all: what stands in
    /// front of them is not kept in each layer.
    let computableAlone: Range<Int>
  }

  /// Tokens at the beginning of a module that are computed again first: without them, whatever comes later rests on tokens
  /// that believe to be the first of all.
  private static let firstTokens = 4

  private let segments: [Segment]
  private let budget: Int
  /// For each segment, which tokens are computed again.
  private var isChosen: [[Bool]]
  private var left: Int

  /// Modules in order of their first tokens, and the indices of their segments.
  private let modules: [(module: Int, segments: [Int])]

  /// A choice of nothing so far.
  ///
  /// - Parameter share: 0 to 1.
  /// - Parameter segments: by position.
  init(_ share: Double, of segments: [Segment]) {
    self.segments = segments
    budget = Self.budget(share, of: segments.reduce(0) { $0 + $1.count })
    isChosen = segments.map { Array(repeating: false, count: $0.count) }
    left = budget
    var modules: [(module: Int, segments: [Int])] = []
    for (index, segment) in segments.enumerated() {
      if let known = modules.firstIndex(where: { $0.module == segment.module }) {
        modules[known].segments.append(index)
      } else {
        modules.append((segment.module, [index]))
      }
    }
    self.modules = modules
    if budget == segments.reduce(0, { $0 + $1.count }) { takeAll() } else { takeFirstTokens() }
  }

  /// ⌈share · tokens⌉, where a product that ought to be whole may be off by a rounding.
  static func budget(_ share: Double, of tokens: Int) -> Int {
    let product = share * Double(tokens)
    return min(max(Int((product - 1e-9 * max(product, 1)).rounded(.up)), 0), tokens)
  }

  /// Whether there is more to choose, by what the new text attends to.
  var isOpen: Bool { left > 0 }

  /// For each segment the tokens that are computed again, rising.
  var ranges: [[Range<Int>]] {
    isChosen.map { tokens in
      var ranges: [Range<Int>] = []
      for (token, isChosen) in tokens.enumerated() where isChosen {
        if let last = ranges.last, last.upperBound == token {
          ranges[ranges.count - 1] = last.lowerBound..<token + 1
        } else {
          ranges.append(token..<token + 1)
        }
      }
      return ranges
    }
  }

  private mutating func takeAll() {
    for (segment, tokens) in segments.enumerated() { for token in 0..<tokens.count { take(token, of: segment) } }
  }

  private mutating func takeFirstTokens() {
    for module in modules {
      var wanted = Self.firstTokens
      for segment in module.segments {
        for token in 0..<min(segments[segment].count, wanted) where left > 0 { take(token, of: segment) }
        wanted -= min(segments[segment].count, wanted)
      }
    }
  }

  /// Spends what is left.
  ///
  /// - Parameters:
  ///   - modules: how much each module is attended to; modules that it lacks come last.
  ///   - tokens: for each segment, how much its tokens are.
  mutating func spend(byModules scores: [Int: Double], tokens: [[Double]]) {
    let order = modules.enumerated().sorted {
      let (first, second) = (scores[$0.element.module] ?? -.infinity, scores[$1.element.module] ?? -.infinity)
      return first == second ? $0.offset < $1.offset : first > second
    }
    for (rank, (_, module)) in order.enumerated() where left > 0 {
      let missing = module.segments.reduce(0) { $0 + isChosen[$1].count { !$0 } }
      guard missing <= left || rank == 0 && missing <= 2 * left else { continue }
      for segment in module.segments { for token in isChosen[segment].indices { take(token, of: segment) } }
    }
    spendOnTokens(by: tokens)
  }

  private mutating func spendOnTokens(by scores: [[Double]]) {
    guard left > 0 else { return }
    var candidates: [(segment: Int, token: Int)] = []
    for (index, segment) in segments.enumerated() {
      candidates += segment.computableAlone.clamped(to: 0..<segment.count).lazy.map { (index, $0) }
    }
    let order = candidates.enumerated().sorted {
      let first = scores[$0.element.segment][$0.element.token]
      let second = scores[$1.element.segment][$1.element.token]
      return first == second ? $0.offset < $1.offset : first > second
    }
    for (_, (segment, token)) in order where left > 0 { take(token, of: segment) }
  }

  /// What completes a module may pass the budget.
  private mutating func take(_ token: Int, of segment: Int) {
    guard !isChosen[segment][token] else { return }
    isChosen[segment][token] = true
    left -= 1
  }
}
