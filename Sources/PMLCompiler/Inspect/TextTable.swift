internal import Failure

/// Columns for a terminal. Cells are made safe to print: names in compiled schemas may come from anyone.
struct TextTable {
  enum Alignment {
    case left, right
  }

  private let columns: [(title: String, alignment: Alignment)]
  private var rows: [[String]] = []

  init(_ columns: [(title: String, alignment: Alignment)]) { self.columns = columns }

  mutating func append(_ row: [String]) { rows.append(row.map { $0.printable() }) }

  /// One line each, the titles first, without spaces at their ends.
  var lines: [String] {
    let all = [columns.map(\.title)] + rows
    let widths = columns.indices.map { column in all.map { $0[column].terminalWidth }.max() ?? 0 }
    return all.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        if column > 0 { line += "  " }
        let padding = String(repeating: " ", count: widths[column] - cell.terminalWidth)
        line += columns[column].alignment == .left ? cell + padding : padding + cell
      }
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}

extension String {
  /// Columns that a terminal gives it: two for wide characters of East Asia and emoji.
  fileprivate var terminalWidth: Int { reduce(0) { $0 + ($1.isWide ? 2 : 1) } }
}

extension Character {
  /// Whether its first scalar is wide (Unicode Standard Annex 11), by blocks.
  fileprivate var isWide: Bool {
    guard let scalar = unicodeScalars.first?.value else { return false }
    return switch scalar {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      true
    default: false
    }
  }
}

/// Bytes for a reader: three digits and a decimal unit.
func readable(bytes: Int) -> String {
  var value = Double(bytes)
  var unit = "B"
  for next in ["kB", "MB", "GB", "TB"] where value >= 999.5 {
    value /= 1_000
    unit = next
  }
  guard unit != "B", value < 99.95 else { return "\(Int(value.rounded())) \(unit)" }
  let tenths = Int((value * 10).rounded())
  return "\(tenths / 10).\(tenths % 10) \(unit)"
}
