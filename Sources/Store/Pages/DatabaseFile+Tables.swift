extension DatabaseFile {
  /// Visits every entry of every named tree, then the list of free pages.
  ///
  /// - Returns: what is wrong with the trees.
  func visit(
    _ body: (_ table: Table.Name, _ key: RawSpan, _ content: Page.Content) throws(StoreError) -> Void
  ) throws(StoreError) -> [PageDefect] {
    var walk = TreeWalk(self)
    var tables: [(name: Table.Name, tree: Tree)] = []
    try walk.visit(meta.main) { (key, content) throws(StoreError) in
      guard case .tree(let tree) = content,
        let name = Table.Name(rawValue: String(decoding: key.array, as: UTF8.self))
      else { return }
      tables.append((name, tree))
    }
    for name in Table.Name.allCases
    where !Table.Name.ofLibraries.contains(name) && !tables.contains(where: { $0.name == name }) {
      walk.report(meta.main.root ?? 0, .noTable(name))
    }
    for table in tables {
      try walk.visit(table.tree) { (key, content) throws(StoreError) in try body(table.name, key, content) }
    }
    var free: [Int] = []
    var defects: [PageDefect] = []
    try walk.visit(meta.free, order: .integers) { (_, content) throws(StoreError) in
      do throws(PageDefect) {
        free += try freePages(content)
      } catch {
        defects.append(error)
      }
    }
    for page in free { walk.noteFree(page) }
    return walk.defects + defects
  }

  /// The value that `content` is, or the defect of the pages that hold it.
  func value(_ content: borrowing Page.Content) throws(PageDefect) -> [UInt8] {
    switch content {
    case .value(let bytes): bytes.array
    case .run(let page, let byteCount): try value(at: page, byteCount: byteCount)
    case .page(let page): throw PageDefect(page: page, problem: .otherKind)
    case .tree: []
    }
  }

  /// The pages that one commit freed: their number, then each, 8 bytes.
  private func freePages(_ content: borrowing Page.Content) throws(PageDefect) -> [Int] {
    let value = try value(content)
    let list = unsafe value.span.bytes
    guard list.byteCount >= 8, list.byteCount % 8 == 0,
      let count = Int(exactly: list.integer(at: 0, as: UInt64.self)), count <= list.byteCount / 8 - 1
    else { throw PageDefect(page: meta.free.root ?? 0, problem: .nodeOutside) }
    return (0..<count).map { Int(truncatingIfNeeded: list.integer(at: 8 + 8 * $0, as: UInt64.self)) }
  }

  /// Whether a page in use lies behind the end of the file, which is shorter than the commit says.
  ///
  /// LMDB leaves pages at the end unwritten that one transaction took and gave back.
  func isCutOff() throws(StoreError) -> Bool {
    let byteCount = try self.byteCount()
    var isCutOff = false
    let defects = try visit { (_, _, content) throws(StoreError) in
      guard case .run(let page, let count) = content else { return }
      if page * meta.pageByteCount + Page.headerByteCount + count > byteCount { isCutOff = true }
    }
    return isCutOff || defects.contains { $0.problem == .behindTheEnd }
  }
}
