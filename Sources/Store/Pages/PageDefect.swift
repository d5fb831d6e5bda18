internal import Glibc

/// What is wrong with a page of the database.
struct PageDefect: Error, Hashable {
  /// Number of the page.
  let page: Int
  /// What is wrong with it.
  let problem: Problem

  /// What can be wrong with a page.
  enum Problem: Hashable {
    case behindTheEnd
    case unreadable(code: Int32)
    case otherNumber(UInt64)
    case unknownKind
    case otherKind
    case nodeOutside
    case keysOutOfOrder
    case wrongRunLength(found: Int, expected: Int)
    case usedTwice
    case tooDeep
    case freeAndUsed
    case noTable(Table.Name)

    /// One lower-case clause.
    var message: String {
      switch self {
      case .behindTheEnd: "it lies behind the end of the file"
      case .unreadable(let code): "it cannot be read: \(errorText(code))"
      case .otherNumber(let number): "it says that it is page \(number)"
      case .unknownKind: "it is of no kind that there is"
      case .otherKind: "it is of another kind than its place asks for"
      case .nodeOutside: "it points outside itself"
      case .keysOutOfOrder: "its keys are not in order"
      case .wrongRunLength(let found, let expected): "it says that it has \(found) pages, not \(expected)"
      case .usedTwice: "two places point to it"
      case .tooDeep: "the tree below it is too deep"
      case .noTable(let name): "it has no table `\(name.rawValue)`"
      case .freeAndUsed: "it is in use and in the list of free pages"
      }
    }
  }
}
