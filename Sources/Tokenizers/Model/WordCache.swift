/// The pieces of one text that were encoded already, so that a word is merged once however often it comes.
///
/// Direct mapped: a new entry takes the place of whatever its slot held. Entries refer to the text itself and to the
/// tokens made so far, and own nothing.
struct WordCache {
  /// Longer pieces are not kept.
  static let longestPiece = 64

  private struct Entry {
    var hash: UInt64 = 0
    var start = 0
    /// 0 in an empty slot.
    var length = 0
    var tokenStart = 0
    var tokenCount = 0
  }

  private var entries: [Entry]

  /// A cache for a text of `bytes` bytes.
  init(bytes: Int) {
    var capacity = 16
    while capacity < 1 << 15, capacity * 16 < bytes { capacity *= 2 }
    entries = [Entry](repeating: Entry(), count: capacity)
  }

  /// Appends to `tokens` what the same piece became before.
  ///
  /// - Returns: whether the piece was known.
  mutating func append(_ piece: Range<Int>, hash: UInt64, of bytes: [UInt8], to tokens: inout [Int32]) -> Bool {
    let entry = entries[Int(truncatingIfNeeded: hash) & (entries.count - 1)]
    guard entry.hash == hash, entry.length == piece.count else { return false }
    for offset in 0..<piece.count where bytes[entry.start + offset] != bytes[piece.lowerBound + offset] { return false }
    for index in entry.tokenStart..<entry.tokenStart + entry.tokenCount { tokens.append(tokens[index]) }
    return true
  }

  /// Keeps a piece whose tokens lie at `tokens` in the result.
  mutating func insert(_ piece: Range<Int>, hash: UInt64, tokens: Range<Int>) {
    entries[Int(truncatingIfNeeded: hash) & (entries.count - 1)] = Entry(
      hash: hash, start: piece.lowerBound, length: piece.count, tokenStart: tokens.lowerBound, tokenCount: tokens.count)
  }
}
