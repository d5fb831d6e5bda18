/// What LMDB keeps of a tree, 48 bytes: in a meta page, or as the value of a named one.
///
///     0   4  unused (first tree of a meta page: bytes in a page)
///     4   2  flags
///     6   2  depth
///     8   8  branch pages, 8 leaf pages, 8 overflow pages, 8 entries
///     40  8  number of the root's page, all ones for an empty tree
struct Tree: Hashable {
  static let byteCount = 48
  /// Levels that LMDB follows.
  static let deepest = 32

  let depth: Int
  let entries: UInt64
  /// `nil` for an empty tree.
  let root: Int?

  /// The tree described at `offset` of `bytes`, or `nil` if that is impossible.
  init?(_ bytes: RawSpan, at offset: Int) {
    guard bytes.byteCount - offset >= Self.byteCount else { return nil }
    depth = Int(bytes.integer(at: offset + 6, as: UInt16.self))
    entries = bytes.integer(at: offset + 32, as: UInt64.self)
    let page = bytes.integer(at: offset + 40, as: UInt64.self)
    root = page == .max ? nil : Int(exactly: page)
    guard root != nil || page == .max else { return nil }
  }
}

/// What a meta page says: one commit. The two take turns; the one with the higher number counts.
///
///     16  4  magic        20  4  version, 1      24  8  unused       32  8  bytes of the map
///     40  48 tree of free pages                  88  48 tree of named trees
///     136 8  last page    144 8  number of the commit
struct Meta {
  private static let magic: UInt32 = 0xBEEF_C0DE
  static let byteCount = 152

  let pageByteCount: Int
  let free: Tree
  let main: Tree
  /// `pageCount * pageByteCount` is at most the largest map.
  let pageCount: Int
  let commit: Int

  /// Whether LMDB would take `bytes`, the first of a page, for a meta page.
  static func isRecognized(_ bytes: RawSpan) -> Bool {
    bytes.byteCount >= byteCount && bytes.integer(at: 16, as: UInt32.self) == magic
      && bytes.integer(at: 20, as: UInt32.self) == 1
  }

  /// The meta page whose first bytes these are; `nil` if they are no meta page's, or say what cannot be.
  init?(_ bytes: RawSpan) {
    guard Self.isRecognized(bytes), let free = Tree(bytes, at: 40), let main = Tree(bytes, at: 88),
      let last = Int(exactly: bytes.integer(at: 136, as: UInt64.self)),
      let commit = Int(exactly: bytes.integer(at: 144, as: UInt64.self)), commit < Int.max
    else { return nil }
    pageByteCount = Int(bytes.integer(at: 40, as: UInt32.self))
    guard pageByteCount >= 512, pageByteCount <= 65536, pageByteCount.nonzeroBitCount == 1,
      last >= 1, last < Environment.largestMap / pageByteCount
    else { return nil }
    self.free = free
    self.main = main
    pageCount = last + 1
    self.commit = commit
  }
}
