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

/// The class of each code point: a table of blocks, those of one class throughout kept once.
struct CharacterClassTable: Sendable {
  static let shared = CharacterClassTable(runs: UnicodeTables.classes)

  private static let blockBits: UInt32 = 7
  private static let blockSize: UInt32 = 1 << blockBits

  private var blockOfCodePoint: [UInt16] = []
  private var blocks: [CharacterClass] = []

  /// - Parameter runs: bits 0 to 20 of each hold the first code point of a run, bits 21 up its class.
  private init(runs: [UInt32]) {
    let starts = runs.map { $0 & 0x1FFFFF } + [0x110000]
    let classes = runs.map { CharacterClass(rawValue: UInt16($0 >> 21)) }
    var uniformBlocks: [UInt16: UInt16] = [:]
    var run = 0
    for start in stride(from: UInt32(0), to: 0x110000, by: Int(Self.blockSize)) {
      while starts[run + 1] <= start { run += 1 }
      let isUniform = starts[run + 1] >= start + Self.blockSize
      let known = isUniform ? uniformBlocks[classes[run].rawValue] : nil
      let block = known ?? UInt16(blocks.count >> Self.blockBits)
      blockOfCodePoint.append(block)
      guard known == nil else { continue }
      if isUniform { uniformBlocks[classes[run].rawValue] = block }
      for codePoint in start..<start + Self.blockSize {
        while starts[run + 1] <= codePoint { run += 1 }
        blocks.append(classes[run])
      }
    }
  }

  /// The class of a code point of at most 0x10FFFF.
  @inline(__always)
  subscript(codePoint: UInt32) -> CharacterClass {
    let block = Int(blockOfCodePoint[Int(codePoint >> Self.blockBits)])
    return blocks[block << Self.blockBits | Int(codePoint & (Self.blockSize - 1))]
  }
}
