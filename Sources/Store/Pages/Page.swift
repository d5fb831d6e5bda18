/// One page of an LMDB 0.9 file (64-bit, least significant byte first), read without believing anything.
///
///     0   8  number of the page
///     8   2  unused
///     10  2  flags: 1 branch, 2 leaf, 4 overflow, 8 meta
///     12  2  end of the list of nodes        12  4  pages of an overflow run
///     14  2  start of the nodes
///     16     offsets of the nodes, 2 bytes each, in the order of their keys
///
/// A node: 4 bytes (leaf: bytes of the value; branch: low half of a page number), 2 bytes (leaf: flags; branch: high
/// part of the number), 2 bytes of key length, the key, the value (big ones: the number of their first page).
struct Page: ~Escapable {
  /// What a page is for.
  enum Kind: UInt16 {
    case branch = 1
    case leaf = 2
    case overflow = 4
    case meta = 8
  }

  static let headerByteCount = 16
  private static let nodeHeaderByteCount = 8
  private static let bigValue: UInt16 = 1
  private static let subtree: UInt16 = 2

  private let bytes: RawSpan
  let kind: Kind

  /// The page whose bytes these are.
  ///
  /// - Throws: if it does not say that it is page `number`, of a kind that there is.
  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, number: Int) throws(PageDefect) {
    let found = bytes.integer(at: 0, as: UInt64.self)
    guard found == UInt64(number) else { throw PageDefect(page: number, problem: .otherNumber(found)) }
    guard let kind = Kind(rawValue: bytes.integer(at: 10, as: UInt16.self)) else {
      throw PageDefect(page: number, problem: .unknownKind)
    }
    self.bytes = bytes
    self.kind = kind
  }

  /// Pages of the run that this one begins.
  var overflowPages: Int { Int(bytes.integer(at: 12, as: UInt32.self)) }

  /// Number of nodes, or `nil` if the page says something impossible.
  var nodeCount: Int? {
    let end = Int(bytes.integer(at: 12, as: UInt16.self))
    let start = Int(bytes.integer(at: 14, as: UInt16.self))
    guard end >= Self.headerByteCount, end <= start, start <= bytes.byteCount, end % 2 == 0 else { return nil }
    return (end - Self.headerByteCount) / 2
  }

  /// The node at `index`, or `nil` if it does not lie in the page.
  ///
  /// - Precondition: `index` is below `nodeCount`.
  @_lifetime(copy self)
  func node(_ index: Int) -> Node? {
    let start = Int(bytes.integer(at: Self.headerByteCount + 2 * index, as: UInt16.self))
    guard start >= Self.headerByteCount, start <= bytes.byteCount - Self.nodeHeaderByteCount else { return nil }
    let low = Int(bytes.integer(at: start, as: UInt32.self))
    let flags = bytes.integer(at: start + 4, as: UInt16.self)
    let keyByteCount = Int(bytes.integer(at: start + 6, as: UInt16.self))
    let keyStart = start + Self.nodeHeaderByteCount
    guard keyByteCount <= bytes.byteCount - keyStart else { return nil }
    let key = bytes.extracting(keyStart..<keyStart + keyByteCount)
    if kind == .branch { return Node(key: key, content: .page(low | Int(flags) << 32)) }
    let rest = bytes.extracting(droppingFirst: keyStart + keyByteCount)
    switch flags {
    case 0 where low <= rest.byteCount:
      return Node(key: key, content: .value(rest.extracting(first: low)))
    case Self.bigValue where rest.byteCount >= 8:
      guard let page = Int(exactly: rest.integer(at: 0, as: UInt64.self)) else { return nil }
      return Node(key: key, content: .run(page: page, byteCount: low))
    case Self.subtree where low == Tree.byteCount:
      guard let tree = Tree(rest, at: 0) else { return nil }
      return Node(key: key, content: .tree(tree))
    default: return nil
    }
  }

  /// A key, and what belongs to it.
  struct Node: ~Escapable {
    let key: RawSpan
    let content: Content

    @_lifetime(copy key, copy content)
    init(key: RawSpan, content: Content) {
      self.key = key
      self.content = content
    }
  }

  /// What belongs to a key.
  enum Content: ~Escapable {
    /// In a branch: the page that holds this key and those up to the next.
    case page(Int)
    case value(RawSpan)
    /// A value of so many bytes, in pages of its own from this one on.
    case run(page: Int, byteCount: Int)
    case tree(Tree)

    /// Bytes of the value; 0 if it is none.
    var byteCount: Int {
      switch self {
      case .value(let bytes): bytes.byteCount
      case .run(_, let byteCount): byteCount
      case .page, .tree: 0
      }
    }
  }
}
