internal import Failure

/// The line in which a range begins, cut to what a terminal can show, and carets for the line below it.
struct SourceLine {
  private(set) var text = ""
  /// White space as wide as what stands before the range; tabs are kept, so that it is as wide on any terminal.
  private(set) var indentation = ""
  /// As many carets as the range is wide on this line, one at least.
  private(set) var underline = ""

  /// - Parameter limit: characters shown at most.
  init(_ source: SourceFile, around range: Range<SourcePosition>, limit: Int) {
    let bytes = source.bytes
    let begin = min(range.lowerBound.offset, bytes.count)
    let end = min(max(range.upperBound.offset, begin), bytes.count)
    let reach = limit * 4  // bytes: as many as `limit` characters can have

    let first = max(begin - reach, bytes.starts(with: TextEncoding.byteOrderMark) ? 3 : 0)
    let start = bytes[min(first, begin)..<begin].lastIndex(where: \.isLineEnd).map { $0 + 1 } ?? min(first, begin)
    let last = min(begin + reach, bytes.count)
    let stop = bytes[begin..<last].firstIndex(where: \.isLineEnd) ?? last
    let before = Self.scalars(bytes[start..<begin])
    let after = Self.scalars(bytes[begin..<stop])

    // Most of the room goes to the range and to what follows it.
    let shownAfter = after.prefix(max(limit - before.count, limit * 2 / 3))
    let shownBefore = before.suffix(limit - shownAfter.count)
    let covered = Self.scalars(bytes[begin..<min(end, stop)]).prefix(shownAfter.count)
    if shownBefore.count < before.count {
      text += "…"
      indentation += " "
    }
    for scalar in shownBefore {
      text.unicodeScalars.append(scalar.shown)
      indentation += scalar == "\t" ? "\t" : String(repeating: " ", count: scalar.shown.displayWidth)
    }
    for scalar in shownAfter { text.unicodeScalars.append(scalar.shown) }
    if shownAfter.count < after.count { text += "…" }
    underline = String(repeating: "^", count: max(1, covered.reduce(0) { $0 + $1.shown.displayWidth }))
  }

  private static func scalars(_ bytes: ArraySlice<UInt8>) -> [Unicode.Scalar] {
    Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
  }
}

extension UInt8 {
  fileprivate var isLineEnd: Bool { self == UInt8(ascii: "\n") || self == UInt8(ascii: "\r") }
}

extension Unicode.Scalar {
  /// Itself, or a mark in the place of one that a terminal obeys rather than shows.
  var shown: Unicode.Scalar { isPrintable || self == "\t" ? self : "\u{FFFD}" }

  /// Columns that a terminal gives it: 2 for East Asian wide characters and emoji, 0 for marks on others, else 1.
  var displayWidth: Int {
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark: 0
    default: Self.wide.contains { $0.contains(value) } ? 2 : 1
    }
  }

  /// Unicode's `East_Asian_Width` W and F, by blocks.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x231A...0x231B, 0x23E9...0x23EC, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF,
    0x4E00...0x9FFF, 0xA000...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
    0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18D08, 0x1AFF0...0x1B2FB, 0x1F300...0x1F64F, 0x1F680...0x1F6FF,
    0x1F900...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD,
  ]
}
