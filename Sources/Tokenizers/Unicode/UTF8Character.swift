/// The shape of one character in valid UTF-8.
enum UTF8Character {
  /// Number of bytes of the character that `first` begins.
  @inline(__always)
  static func length(first: UInt8) -> Int {
    first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
  }

  /// Whether a byte is one of a character's, but not its first.
  @inline(__always)
  static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

  /// The code point of the character at `index`, and where it ends.
  @inline(__always)
  static func decode(_ bytes: [UInt8], at index: Int) -> (codePoint: UInt32, end: Int) {
    let first = UInt32(bytes[index])
    if first < 0x80 { return (first, index + 1) }
    let second = UInt32(bytes[index + 1]) & 0x3F
    if first < 0xE0 { return ((first & 0x1F) << 6 | second, index + 2) }
    let third = UInt32(bytes[index + 2]) & 0x3F
    if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, index + 3) }
    return ((first & 0x07) << 18 | second << 12 | third << 6 | UInt32(bytes[index + 3]) & 0x3F, index + 4)
  }
}
