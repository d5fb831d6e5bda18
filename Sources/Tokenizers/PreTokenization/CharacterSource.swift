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
  var isLineBreak: Bool { codePoint == "\n" || codePoint == "\r" }

  @inline(__always)
  func `is`(_ character: UnicodeScalar) -> Bool { codePoint == character.value }

  /// Whether it is of one of some classes.
  @inline(__always)
  func `is`(_ classes: CharacterClass) -> Bool { !characterClass.isDisjoint(with: classes) }
}

/// Lets a code point be compared with a character.
@inline(__always)
func == (codePoint: UInt32, character: UnicodeScalar) -> Bool { codePoint == character.value }

/// Lets a code point be matched with a character.
@inline(__always)
func ~= (character: UnicodeScalar, codePoint: UInt32) -> Bool { codePoint == character.value }

/// Text in UTF-8.
struct UTF8Source: CharacterSource {
  private let bytes: [UInt8]
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
  private let bytes: [UInt8]
  private let classes = CharacterClassTable.shared
  private let alphabet = ByteAlphabet.characters

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  @inline(__always)
  func character(at index: Int) -> SourceCharacter {
    let codePoint = alphabet[Int(bytes[index])].value
    return SourceCharacter(codePoint: codePoint, characterClass: classes[codePoint], end: index + 1)
  }
}
