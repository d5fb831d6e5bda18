/// Characters with their classes, read from bytes.
protocol CharacterSource {
  /// The character at `index`.
  func character(at index: Int) -> SourceCharacter
}

/// A character as a pattern sees it.
struct SourceCharacter {
  let codePoint: UInt32
  let characterClass: CharacterClass
  /// Where the next character starts.
  let end: Int

  @inline(__always)
  func `is`(_ ascii: UnicodeScalar) -> Bool { codePoint == ascii.value }

  @inline(__always)
  func isAny(of classes: CharacterClass) -> Bool { !characterClass.isDisjoint(with: classes) }
}

/// Text in UTF-8.
struct UTF8Source: CharacterSource {
  let bytes: [UInt8]
  private let classes = CharacterClassTable.shared

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  @inline(__always)
  func character(at index: Int) -> SourceCharacter {
    let (codePoint, end) = UTF8Character.decode(bytes, at: index)
    return SourceCharacter(codePoint: codePoint, characterClass: classes[codePoint], end: end)
  }
}

/// Bytes, each of which counts as the character that stands for it in `ByteAlphabet`.
struct ByteLevelSource: CharacterSource {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  @inline(__always)
  func character(at index: Int) -> SourceCharacter {
    let codePoint = ByteAlphabet.characters[Int(bytes[index])].value
    return SourceCharacter(
      codePoint: codePoint, characterClass: CharacterClassTable.shared[codePoint], end: index + 1)
  }
}
