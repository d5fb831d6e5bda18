/// How what is present in a prompt comes to its positions: asked in layout order, part by part.
protocol PromptPlacing {
  /// 1 + the highest position taken so far.
  var end: Int { get }

  /// Takes positions for a part of the schema.
  ///
  /// - Parameter positions: those that it has in the layout.
  /// - Parameter count: its number of tokens here.
  /// - Returns: the position of the first one.
  mutating func place(laidOutAt positions: Range<Int>, count: Int) -> Int

  /// Takes positions for new text between parts of the schema.
  ///
  /// - Parameter position: behind what stands ahead of it, in the layout.
  /// - Parameter following: where the next part that is present begins in the layout, if one does.
  /// - Throws: `NoRoom`, and nothing is taken.
  /// - Returns: the position of the first token.
  mutating func place(newText count: Int, behind position: Int, before following: Int?) throws(NoRoom) -> Int

  /// Takes the positions behind all.
  ///
  /// - Returns: the position of the first token.
  mutating func append(_ count: Int) -> Int
}

/// There are fewer positions than tokens.
struct NoRoom: Error {
  /// Positions that there are.
  let free: Int
}

/// Side by side, whatever the layout says.
struct CompactPlacing: PromptPlacing {
  private(set) var end = 0

  mutating func place(laidOutAt positions: Range<Int>, count: Int) -> Int { append(count) }

  mutating func place(newText count: Int, behind position: Int, before following: Int?) -> Int { append(count) }

  mutating func append(_ count: Int) -> Int {
    defer { end += count }
    return end
  }
}

/// At the places of the layout, new text in what is left free between them.
struct FixedPlacing: PromptPlacing {
  private(set) var end = 0
  private var endOfNewText = 0
  /// Positions of the model.
  private let contextLength: Int

  init(contextLength: Int) { self.contextLength = contextLength }

  mutating func place(laidOutAt positions: Range<Int>, count: Int) -> Int {
    // A parameter counts in full.
    end = max(end, positions.upperBound)
    return positions.lowerBound
  }

  mutating func place(newText count: Int, behind position: Int, before following: Int?) throws(NoRoom) -> Int {
    let start = max(endOfNewText, position)
    let free = max(0, (following ?? contextLength) - start)
    guard count <= free else { throw NoRoom(free: free) }
    endOfNewText = start + count
    end = max(end, endOfNewText)
    return start
  }

  mutating func append(_ count: Int) -> Int {
    defer { end += count }
    return end
  }
}
