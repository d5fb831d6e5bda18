import KVCacheFormat

// Written by `init` alone.
/// Tokens of a segment that a sequence does not see: a bit for each, tile by tile, as the attention kernel reads it.
@safe final class OmittedTokens: @unchecked Sendable {
  /// Number of tokens that are left out.
  let count: Int

  private let tokens: Int
  private let tiles: Int
  private let bits: UnsafeMutablePointer<UInt16>

  /// These of the first `tokens` tokens; `nil` if none of them is.
  init?(_ ranges: [Range<Int>], of tokens: Int) {
    let ranges = ranges.map { $0.clamped(to: 0..<max(tokens, 0)) }.filter { !$0.isEmpty }
    guard !ranges.isEmpty else { return nil }
    let tile = KVBlobLayout.tileTokens
    self.tokens = tokens
    tiles = (tokens + tile - 1) / tile
    unsafe bits = .allocate(capacity: tiles)
    unsafe bits.initialize(repeating: 0, count: tiles)
    // Nobody sees what lies behind the last token in its tile: such a tile can be left out whole.
    for token in (ranges + [tokens..<tiles * tile]).joined() { unsafe bits[token / tile] |= 1 << UInt16(token % tile) }
    var clear = 0
    for index in 0..<tiles { clear += unsafe (~bits[index]).nonzeroBitCount }
    count = tokens - clear
  }

  deinit { unsafe bits.deallocate() }

  /// Whether the token is left out.
  func contains(_ token: Int) -> Bool {
    guard token >= 0, token < tokens else { return false }
    return unsafe bits[token / KVBlobLayout.tileTokens] >> UInt16(token % KVBlobLayout.tileTokens) & 1 == 1
  }

  /// A bit for each token that is left out, tile by tile.
  var allBits: [UInt16] { unsafe Array(UnsafeBufferPointer(start: bits, count: tiles)) }

  /// The bits from a tile on, for as long as this lives.
  ///
  /// - Precondition: there is that tile, or it is the one behind the last.
  func bits(fromTile tile: Int) -> UnsafePointer<UInt16> {
    precondition(tile >= 0 && tile <= tiles, "tile \(tile) of \(tiles)")
    return unsafe UnsafePointer(bits + tile)
  }
}
