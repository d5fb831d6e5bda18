internal import Store

/// What the computed tokens of a prompt stand on: the states from the store that they see beside each other.
///
/// Where two prompts stand on the same, begin with the same tokens at the same positions, and are of one model, the states of
/// these tokens are the same. A basis names states and does not hold them: they may go from the store meanwhile.
struct PromptBasis: Hashable, Sendable {
  /// Some tokens of an encoding, where they are seen.
  struct Segment: Hashable, Sendable {
    let key: EncodingKey
    /// Position at which the first token is seen.
    let place: Int
    /// Position at which its key was rotated.
    let encodedAt: Int
    /// Number of tokens, from the first one on.
    let count: Int
    /// Tokens among these that are not seen.
    let omitted: [Range<Int>]
  }

  let segments: [Segment]
  /// Whether keys are turned by a model's long factors.
  let isExtended: Bool

  init(segments: [Segment], isExtended: Bool) {
    self.segments = segments
    self.isExtended = isExtended
  }

  /// `nil` if one of the segments has no name.
  init?(segments: [Segment?], isExtended: Bool) {
    self.init(segments: segments.compactMap(\.self), isExtended: isExtended)
    guard self.segments.count == segments.count else { return nil }
  }
}
