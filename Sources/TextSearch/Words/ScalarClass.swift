/// What a character is to words.
enum ScalarClass {
  /// Part of a word.
  case word
  /// Part of a text whose script sets no spaces between words.
  case spaceless
  /// Belongs to the character before.
  case mark
  /// It is as if it were not there.
  case ignored
  case separator

  init(_ scalar: Unicode.Scalar) {
    if scalar.isASCII {
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9": self = .word
      default: self = .separator
      }
      return
    }
    let properties = scalar.properties
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark: self = properties.isDefaultIgnorableCodePoint ? .ignored : .mark
    // Keycaps and circles around a character.
    case .enclosingMark: self = .ignored
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      self = properties.isDefaultIgnorableCodePoint ? .ignored : Self.isSpaceless(scalar.value) ? .spaceless : .word
    case .decimalNumber, .letterNumber, .otherNumber: self = Self.isSpaceless(scalar.value) ? .spaceless : .word
    // A space of no width is there to part words.
    case .format: self = scalar.value == 0x200B ? .separator : .ignored
    default: self = .separator
    }
  }

  /// Letters and numbers of Han, Hiragana, Katakana, Thai, Lao, Khmer and Myanmar, by blocks of Unicode 15. Digits of the
  /// last four, which people write beside others', are words.
  private static func isSpaceless(_ value: UInt32) -> Bool {
    switch value {
    case 0x0E50...0x0E59, 0x0ED0...0x0ED9, 0x1040...0x1049, 0x1090...0x1099, 0x17E0...0x17E9, 0xA9F0...0xA9F9: false
    case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0xA9E0...0xA9FF, 0xAA60...0xAA7F: true
    // Marks of repetition and kana; not Bopomofo and Hangul between them.
    case 0x3005...0x3007, 0x3021...0x3029, 0x3031...0x303C, 0x3041...0x30FF, 0x31C0...0x31FF: true
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0xFF66...0xFF9F: true
    case 0x16FE0...0x16FFF, 0x1AFF0...0x1B16F, 0x20000...0x3FFFF: true
    default: false
    }
  }
}
