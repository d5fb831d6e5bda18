/// Finds the name that was probably meant.
///
/// A document with many unknown names against a schema of many modules must not take minutes over suggestions, so there
/// is a budget; once it is spent, there are none.
struct NearestName {
  private static let longestName = 40
  private var comparisonsLeft = 200_000

  /// What to say of `name`, which is none of `names`.
  mutating func known(_ names: some Collection<String>, not name: String) -> KnownNames {
    KnownNames(nearest: suggestion(for: name, among: names), among: names)
  }

  /// The candidate with the fewest typing errors between it and `name`, if there are few; the first of several.
  mutating func suggestion(for name: String, among candidates: some Collection<String>) -> String? {
    let wanted = Array(name.unicodeScalars)
    guard wanted.count <= Self.longestName, candidates.count <= comparisonsLeft else { return nil }
    comparisonsLeft -= candidates.count
    let folded = name.lowercased()
    var best: (name: String, distance: Int)?
    for candidate in candidates where candidate.utf8.count <= Self.longestName * 4 {
      if candidate.lowercased() == folded { return candidate }
      // One error in three characters, three at most.
      let limit = best.map { $0.distance - 1 } ?? min(3, wanted.count / 3)
      let distance = Self.distance(wanted, Array(candidate.unicodeScalars), limit: limit)
      if distance <= limit { best = (candidate, distance) }
    }
    return best?.name
  }

  /// Insertions, deletions, replacements and swaps of neighbours that turn one into the other; more than `limit` where it
  /// takes more than that.
  static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar], limit: Int) -> Int {
    guard abs(left.count - right.count) <= limit else { return limit + 1 }
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for (row, scalar) in left.enumerated() {
      var current = [row + 1]
      for (column, other) in right.enumerated() {
        var cost = min(current[column] + 1, last[column + 1] + 1, last[column] + (scalar == other ? 0 : 1))
        if row > 0, column > 0, scalar == right[column - 1], left[row - 1] == other {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current.append(cost)
      }
      guard current.contains(where: { $0 <= limit }) else { return limit + 1 }
      (beforeLast, last) = (last, current)
    }
    return last[right.count]
  }
}
