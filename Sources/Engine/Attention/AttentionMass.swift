/// How much attention the cached tokens of a sequence get from some of its new ones: weights of the softmax, summed over
/// rows, head by head.
public struct AttentionMass: Sendable {
  private let sums: AttentionMassSums

  init(_ sums: AttentionMassSums) { self.sums = sums }

  /// The layers that were measured, rising.
  public var layers: [Int] { sums.layers }
  /// Number of query heads.
  public var heads: Int { sums.heads }

  /// What each token of an attended segment gets in one head, from all rows of one of the ranges that were asked about; 0
  /// for a token that is left out, or that the layer did not keep.
  ///
  /// - Parameters:
  ///   - rows: index of the range among those that were asked about.
  ///   - layer: one of `layers`.
  ///   - head: a query head.
  ///   - segment: index of the segment among those that the sequence attends to.
  /// - Precondition: there are these.
  @_lifetime(borrow self)
  public func tokens(rows: Int, layer: Int, head: Int, segment: Int) -> Span<Float> {
    let first = sums.offset(rows: rows, layer: layer, head: head, segment: segment)
    let span = unsafe Span(_unsafeStart: sums.memory.base + first, count: sums.tokens[segment])
    return unsafe _overrideLifetime(span, borrowing: self)
  }
}
