/// The positions that a model has, and how its rotary scaling divides them.
///
/// A model with LongRoPE (Ding et al. 2024) was trained on texts of an original length, and turns keys by other factors where a
/// text is longer. States made by one list of factors are of no use beside states made by the other, so a schema takes one
/// list for all of its encodings and prompts: the long one if its layout and `reserved` positions behind it do not fit the
/// original length.
public struct ContextLimits: Hashable, Sendable {
  /// Longest sequence that the model takes, in positions.
  public let length: Int
  /// Positions that the short factors serve; `nil` for models without such a scaling.
  public let original: Int?

  /// Positions that are kept for new text and an answer.
  public static let reserved = 1_024

  /// Limits of a model.
  public init(length: Int, original: Int?) {
    self.length = length
    self.original = original
  }

  /// Whether the long factors are taken where so many positions are laid out.
  public func isExtended(for positions: Int) -> Bool {
    guard let original, original < length else { return false }
    return positions > original - Self.reserved
  }

  /// Positions that there are with the long factors, or without.
  public func positions(isExtended: Bool) -> Int { isExtended ? length : min(length, original ?? length) }
}
