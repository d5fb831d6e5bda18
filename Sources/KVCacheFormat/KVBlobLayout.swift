/// Where the keys and values of one layer of one segment lie in its blob. Pure arithmetic; the bytes are the store's.
///
/// Tokens go in tiles of 16. A tile of keys is transposed, so that 16 keys' numbers of one dimension are one vector
/// load; values stay row by row, because they are added up along the head.
///
///     keys    heads × tiles × [headDimension][16]
///     values  heads × (16 · tiles) × [headDimension]
///
/// The tail of the last tile is zero in both. With headDimension a multiple of 2, each head's keys, and its values,
/// begin at a multiple of 64 bytes.
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
  public var headByteCount: Int { tiles * Self.tileTokens * shape.headDimension * element.byteCount }
  /// Offset of the keys of `head`, in bytes.
  public func keyOffset(head: Int) -> Int { head * headByteCount }
  /// Offset of the values of `head`, in bytes.
  public func valueOffset(head: Int) -> Int { (shape.heads + head) * headByteCount }
  /// Bytes of keys and values together.
  public var byteCount: Int { 2 * shape.heads * headByteCount }

  /// The same for sides that nobody vouches for: `nil` if the product does not fit an `Int`.
  public var checkedByteCount: Int? {
    let (padded, tooMany) = tokens.addingReportingOverflow(Self.tileTokens - 1)
    guard !tooMany else { return nil }
    var product = padded / Self.tileTokens * Self.tileTokens
    for factor in [shape.headDimension, element.byteCount, shape.heads, 2] {
      let (next, overflows) = product.multipliedReportingOverflow(by: factor)
      guard !overflows else { return nil }
      product = next
    }
    return product
  }
}
