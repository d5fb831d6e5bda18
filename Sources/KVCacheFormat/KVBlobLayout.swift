/// Where the keys and values of one layer of one segment lie in its blob. Pure arithmetic; the bytes are the store's.
///
/// Tokens go in tiles of 16. A tile of keys is transposed, so that 16 keys' numbers of one dimension are one vector
/// load; values stay row by row, because they are added up along the head.
///
///     keys    heads × tiles × [headDimension][16]
///     values  heads × tiles × [16][headDimension]
///
/// Where the element has scales, those of a tile lie behind its numbers. The tail of the last tile is zero in both. Each
/// head's keys, and its values, begin at a multiple of 64 bytes; what is left over before is zero too.
public struct KVBlobLayout: Hashable, Sendable {
  /// Tokens in a tile.
  public static let tileTokens = 16
  /// Multiple of bytes at which a blob's payload must begin in memory.
  public static let alignment = 64

  /// Format of each number.
  public let element: KVElement
  /// Key-value heads, numbers per head; `layers` plays no part here, since a blob holds one.
  public let shape: KVShape
  /// Number of tokens.
  public let tokens: Int

  /// The layout of `tokens` tokens.
  ///
  /// - Precondition: `tokens` is not negative.
  public init(element: KVElement, shape: KVShape, tokens: Int) {
    precondition(tokens >= 0, "\(tokens) tokens")
    self.element = element
    self.shape = shape
    self.tokens = tokens
  }

  /// Number of tiles: tokens / 16, rounded up.
  public var tiles: Int { (tokens + Self.tileTokens - 1) / Self.tileTokens }
  /// Bytes from one head's keys to the next's; the same for values.
  public var headByteCount: Int {
    let bytes = tiles * element.tileByteCount(headDimension: shape.headDimension)
    return (bytes + Self.alignment - 1) / Self.alignment * Self.alignment
  }
  /// Offset of the keys of `head`, in bytes.
  public func keyOffset(head: Int) -> Int { head * headByteCount }
  /// Offset of the values of `head`, in bytes.
  public func valueOffset(head: Int) -> Int { (shape.heads + head) * headByteCount }
  /// Bytes of keys and values together.
  public var byteCount: Int { 2 * shape.heads * headByteCount }

  /// The same for sides that nobody vouches for: `nil` if the product does not fit an `Int`.
  public var checkedByteCount: Int? {
    // A token takes less than 128 bytes for each number of a head, padding and scales included.
    var bound = 128
    for factor in [shape.headDimension, max(tokens, 1), shape.heads, 2] {
      let (next, overflows) = bound.multipliedReportingOverflow(by: factor)
      guard !overflows else { return nil }
      bound = next
    }
    return byteCount
  }
}
