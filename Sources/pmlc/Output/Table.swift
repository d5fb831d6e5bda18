/// Columns for a terminal, as wide as their widest cell.
struct Table {
  private var rows: [[String]]

  /// A table with these titles.
  init(_ titles: [String]) { rows = [titles] }

  mutating func append(_ row: [String]) { rows.append(row) }

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
