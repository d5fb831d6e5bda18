/// The characters that stand for bytes in byte-level vocabularies (GPT-2's `bytes_to_unicode`).
///
/// Printable characters of Latin-1 stand for themselves; the other bytes are U+0100, U+0101 … in rising order.
enum ByteAlphabet {
  /// The character for each byte.
  static let characters: [UnicodeScalar] = {
    var next: UInt8 = 0
    return (UInt8.min...UInt8.max).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return UnicodeScalar(byte)
      default:
        defer { next += 1 }
        // U+0100 to U+0143.
        return UnicodeScalar(UInt16(0x100) + UInt16(next)) ?? UnicodeScalar(byte)
      }
    }
  }()

  /// The byte that a code point stands for, by code point; -1 where it stands for none.
  static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, character) in characters.enumerated() { bytes[Int(character.value)] = Int16(byte) }
    return bytes
  }()

  /// The byte that a code point stands for.
  static func byte(of codePoint: UInt32) -> UInt8? {
    guard codePoint < bytes.count, bytes[Int(codePoint)] >= 0 else { return nil }
    return UInt8(bytes[Int(codePoint)])
  }
}
