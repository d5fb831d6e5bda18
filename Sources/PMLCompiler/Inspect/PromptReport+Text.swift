internal import Failure

extension PromptReport {
  /// A table for a terminal: one row a part, those that hold nothing among them.
  public var text: String {
    let cached = layout.cachedTokenCount
    let tokens = layout.present.count
    var head = "\(name.printable()) of \(schemaLayout.schema.printable()): \(counted(tokens, "token")), "
    head += "\(cached) cached, \(tokens - cached) computed"
    var positions = "\(counted(layout.nextPosition, "position")) of the \(model.contextLength) that "
    positions += "\(model.name.printable()) has"
    if emptyCount > 0 { positions += ", \(emptyCount) of them empty" }
    positions += room > 0 ? "; \(room) left for the answer" : "; none is left for an answer"
    return ([head, positions, ""] + table.lines).map { $0 + "\n" }.joined()
  }

  private var table: TextTable {
    var table = TextTable(
      [
        ("positions", .left), ("turn", .left), ("part", .left), ("tokens", .right), ("cached", .right),
        ("computed", .right),
      ])
    var gaps = gaps[...]
    func append(_ gap: Range<Int>) { table.append([Self.positions(gap), "", "(empty)", "", "", ""]) }
    for part in parts {
      if let gap = gaps.first, gap.lowerBound < part.start {
        append(gap)
        gaps.removeFirst()
      }
      let computed = part.tokens.count - part.cachedCount
      table.append(
        [
          Self.positions(part.start..<part.end), part.turn?.rawValue ?? "–", part.title, "\(part.tokens.count)",
          part.cachedCount == 0 ? "–" : "\(part.cachedCount)", computed == 0 ? "–" : "\(computed)",
        ])
    }
    for gap in gaps { append(gap) }
    return table
  }

  private static func positions(_ range: Range<Int>) -> String {
    range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)–\(range.upperBound - 1)"
  }
}
