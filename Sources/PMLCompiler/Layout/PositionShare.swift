internal import Failure

/// What takes positions, and how many.
struct PositionShare {
  enum Owner {
    /// A module; the schema's own text for the root.
    case module(ModulePath)
    case newText
    case empty
  }

  let owner: Owner
  let positions: Int

  private static let most = 3

  /// Where most positions go, in words: the largest shares.
  static func text(of shares: [PositionShare]) -> String {
    let largest = shares.filter { $0.positions > 0 }.sorted { $0.positions > $1.positions }.prefix(most)
    guard !largest.isEmpty else { return "" }
    return "most go to " + largest.map { "\($0.name) (\($0.positions))" }.joined(separator: ", ") + "; "
  }

  private var name: String {
    switch owner {
    case .module(.root): "the schema's own text"
    case .module(let path): path.description.quoted()
    case .newText: "new text"
    case .empty: "positions that stay empty"
    }
  }
}
