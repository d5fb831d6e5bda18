/// What the `tokenizers` library knows of a character.
///
/// Its parts follow Unicode versions of their own, so these are not Swift's properties: the tables come from the
/// library (`tools/tokenizers/make_unicode_tables.py`, which has the bits in the same order).
struct CharacterClass: OptionSet, Sendable {
  let rawValue: UInt16

  /// `\p{L}` in a pattern.
  static let letter = CharacterClass(rawValue: 1 << 0)
  /// `\p{N}` in a pattern.
  static let number = CharacterClass(rawValue: 1 << 1)
  /// `\s` in a pattern, and Rust's `char::is_whitespace`.
  static let whiteSpace = CharacterClass(rawValue: 1 << 2)
  /// Rust's `char::is_numeric`.
  static let numeric = CharacterClass(rawValue: 1 << 3)
  /// What the `Punctuation` pre-tokenizer splits on.
  static let punctuation = CharacterClass(rawValue: 1 << 4)
  /// `\w` of Rust's `regex`.
  static let word = CharacterClass(rawValue: 1 << 5)
  /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`.
  static let upperCaseLike = CharacterClass(rawValue: 1 << 6)
  /// `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`.
  static let lowerCaseLike = CharacterClass(rawValue: 1 << 7)
  /// Normal form C may change this character, or the one before it.
  static let changedByNFC = CharacterClass(rawValue: 1 << 8)
  /// Normal form D may change this character, or its place.
  static let changedByNFD = CharacterClass(rawValue: 1 << 9)
  /// `\p{P}` in a pattern.
  static let patternPunctuation = CharacterClass(rawValue: 1 << 10)
}

/// The class of each code point: a table of blocks, equal blocks kept once.
struct CharacterClassTable: Sendable {
  static let shared = CharacterClassTable(runs: UnicodeTables.classes)

  private static let blockBits: UInt32 = 7

  private var blockOfCodePoint: [UInt16] = []
  private var blocks: [CharacterClass] = []

  /// - Parameter runs: bits 0 to 20 of each hold the first code point of a run, bits 21 up its class.
  private init(runs: [UInt32]) {
    var known: [[UInt16]: UInt16] = [:]
    var block: [UInt16] = []
    var index = 0
    for codePoint in UInt32(0)...0x10FFFF {
      if index + 1 < runs.count, runs[index + 1] & 0x1FFFFF == codePoint { index += 1 }
      block.append(UInt16(runs[index] >> 21))
      guard block.count == 1 << Self.blockBits else { continue }
      let number = known[block] ?? UInt16(known.count)
      if known.updateValue(number, forKey: block) == nil { blocks += block.map(CharacterClass.init) }
      blockOfCodePoint.append(number)
      block.removeAll(keepingCapacity: true)
    }
  }

  /// The class of a code point of at most 0x10FFFF.
  @inline(__always)
  subscript(codePoint: UInt32) -> CharacterClass {
    let block = Int(blockOfCodePoint[Int(codePoint >> Self.blockBits)])
    return blocks[block << Self.blockBits | Int(codePoint & (1 << Self.blockBits - 1))]
  }
}
