/// What a document's bytes must be: UTF-8, with or without a byte order mark, of the characters that XML allows.
///
/// libxml2 would decode others too, UTF-7 among them, in which markup can hide; so it gets to see nothing but UTF-8 and
/// is told to believe no declaration.
enum TextEncoding {
  static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// Where the text begins, behind a byte order mark.
  static func check(_ bytes: [UInt8]) throws(XMLFault) -> Int {
    if let name = otherEncoding(bytes) { throw XMLFault(.otherEncoding(name), 0..<min(2, bytes.count)) }
    let start = bytes.starts(with: byteOrderMark) ? byteOrderMark.count : 0
    if let declared = declaredEncoding(bytes, from: start) {
      let name = String(decoding: bytes[declared], as: UTF8.self)
      guard name.lowercased() == "utf-8" else { throw XMLFault(.otherEncoding(name), declared) }
    }
    if let invalid = firstInvalid(in: bytes) { throw XMLFault(.invalidUTF8, invalid) }
    if let character = firstForbidden(in: bytes) { throw character }
    return start
  }

  /// The first bytes that are not UTF-8.
  static func firstInvalid(in bytes: [UInt8]) -> Range<Int>? {
    do {
      _ = try UTF8Span(validating: bytes.span)
      return nil
    } catch {
      return error.byteOffsets
    }
  }

  /// The first character that XML does not allow: a control character, U+FFFE or U+FFFF.
  private static func firstForbidden(in bytes: [UInt8]) -> XMLFault? {
    for (offset, byte) in bytes.enumerated() {
      if byte < 0x20, !byte.isXMLSpace {
        return XMLFault(.invalidCharacter(UInt32(byte)), offset..<offset + 1)
      }
      if byte == 0xEF, bytes[offset + 1] == 0xBF, bytes[offset + 2] >= 0xBE {  // three bytes: it is valid UTF-8
        return XMLFault(.invalidCharacter(0xFFC0 + UInt32(bytes[offset + 2] & 0x3F)), offset..<offset + 3)
      }
    }
    return nil
  }

  /// UTF-16 and UTF-32, by a byte order mark or by the zeros beside the first `<`.
  private static func otherEncoding(_ bytes: [UInt8]) -> String? {
    let head = bytes.prefix(4)
    if head.starts(with: [0xFF, 0xFE, 0, 0]) || head.starts(with: [0, 0, 0xFE, 0xFF]) { return "UTF-32" }
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) { return "UTF-16" }
    if head.starts(with: [0x3C, 0, 0, 0]) || head.starts(with: [0, 0, 0, 0x3C]) { return "UTF-32" }
    if head.starts(with: [0x3C, 0]) || head.starts(with: [0, 0x3C]) { return "UTF-16" }
    return nil
  }

  /// The value of `encoding` in the XML declaration, if there is one.
  private static func declaredEncoding(_ bytes: [UInt8], from start: Int) -> Range<Int>? {
    var cursor = ByteCursor(bytes, at: start)
    guard cursor.skip("<?xml"), cursor.skipSpace() else { return nil }
    while !cursor.skip("?>"), !cursor.isAtEnd {
      let name = cursor.skipName()
      cursor.skipSpace()
      guard cursor.skip("=") else { return nil }
      cursor.skipSpace()
      guard let value = cursor.skipQuoted() else { return nil }
      if bytes[name].elementsEqual("encoding".utf8) { return value }
      cursor.skipSpace()
    }
    return nil
  }
}
