import PromptCache

/// Columns for a terminal, as wide as their widest cell.
struct Table {
  private var rows: [[String]] = []

  /// The longest text of a cell that is shown: names in a store may be of any length.
  private static let limit = 200

  /// A table with these titles.
  init(_ titles: [String]) { append(titles) }

  mutating func append(_ row: [String]) { rows.append(row.map { $0.printable(limit: Self.limit) }) }

  /// The lines, without spaces at their ends.
  var text: String {
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.count)
      }
    }
    return rows.map { row in
      let line = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
        .joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
    }.joined()
  }
}
