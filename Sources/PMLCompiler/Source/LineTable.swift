/// Lines and columns of a document's bytes.
///
/// It notes the line and column every `stride` bytes, so that finding one costs the same on a line of any length, and a
/// document of nothing but line breaks needs no more memory than another. A line ends at a line feed, at a carriage
/// return, or at both together. A byte order mark is in no column.
struct LineTable: Sendable {
  /// What stands at a multiple of `stride`.
  private struct Mark {
    var line: Int32
    var column: Int32
  }

  private static let stride = 1024
  private var marks: [Mark] = []

  init(_ bytes: [UInt8]) {
    marks.reserveCapacity(bytes.count / Self.stride + 1)
    var walk = Walk(line: 1, column: bytes.starts(with: TextEncoding.byteOrderMark) ? 0 : 1)
    for start in Swift.stride(from: 0, to: bytes.count, by: Self.stride) {
      marks.append(Mark(line: Int32(clamping: walk.line), column: Int32(clamping: walk.column)))
      walk.advance(over: bytes, start..<min(start + Self.stride, bytes.count))
    }
  }

  /// The place of the byte at `offset`; past the end, the end.
  func position(of offset: Int, in bytes: [UInt8]) -> SourcePosition {
    let offset = min(max(offset, 0), bytes.count)
    let index = min(offset / Self.stride, marks.count - 1)
    guard index >= 0 else { return SourcePosition(offset: 0, line: 1, column: 1) }
    var walk = Walk(line: Int(marks[index].line), column: Int(marks[index].column))
    walk.advance(over: bytes, index * Self.stride..<offset)
    return SourcePosition(offset: offset, line: walk.line, column: max(walk.column, 1))
  }

  private struct Walk {
    var line: Int
    var column: Int

    mutating func advance(over bytes: [UInt8], _ range: Range<Int>) {
      for index in range {
        let byte = bytes[index]
        if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") && !startsLineFeed(bytes, at: index + 1) {
          line += 1
          column = 1
        } else if byte & 0xC0 != 0x80 {
          column += 1
        }
      }
    }

    private func startsLineFeed(_ bytes: [UInt8], at index: Int) -> Bool {
      index < bytes.count && bytes[index] == UInt8(ascii: "\n")
    }
  }
}
