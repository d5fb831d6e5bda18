/// A place in a document's bytes that moves forward only.
struct ByteCursor {
  let bytes: [UInt8]
  private(set) var offset: Int

  init(_ bytes: [UInt8], at offset: Int) {
    self.bytes = bytes
    self.offset = offset
  }

  var isAtEnd: Bool { offset >= bytes.count }

  /// The byte here; `nil` at the end.
  var byte: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  mutating func advance() { offset += 1 }

  /// Moves past `text` if it stands here.
  @discardableResult
  mutating func skip(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard count <= bytes.count - offset else { return false }
    let matches = text.withUTF8Buffer { text in
      for index in 0..<count where unsafe text[index] != bytes[offset + index] { return false }
      return true
    }
    if matches { offset += count }
    return matches
  }

  /// Moves to the next `byte`, or to the end if there is none.
  mutating func skip(to byte: UInt8) -> Bool {
    let count = bytes.count
    while offset < count, bytes[offset] != byte { offset += 1 }
    return offset < count
  }

  /// Moves behind the next `text`, or to the end if there is none.
  mutating func skip(past text: StaticString) -> Bool {
    let first = text.withUTF8Buffer { unsafe $0.first } ?? 0
    while skip(to: first) {
      if skip(text) { return true }
      offset += 1
    }
    return false
  }

  @discardableResult
  mutating func skipSpace() -> Bool {
    let start = offset
    while let byte, byte.isXMLSpace { offset += 1 }
    return offset > start
  }

  /// Moves past what may be a name: up to white space or a character with a meaning in tags.
  mutating func skipName() -> Range<Int> {
    let start = offset
    while let byte, !byte.isXMLSpace, !Self.delimiters.contains(byte) { offset += 1 }
    return start..<offset
  }

  /// Moves past a value in quotation marks; the range is what stands between them.
  mutating func skipQuoted() -> Range<Int>? {
    guard let quote = byte, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
    advance()
    let start = offset
    guard skip(to: quote) else { return nil }
    defer { advance() }
    return start..<offset
  }

  private static let delimiters = Array("<>/='\"&".utf8)
}
