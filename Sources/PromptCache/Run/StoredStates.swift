internal import Engine

/// States in the store that stand for a part of a prompt.
package struct StoredStates: Sendable {
  /// Where they lie.
  let segment: KVSegment
  /// Position at which the first token's key was rotated.
  let encodedAt: Int
  /// Whether they are those of plain inference over the prompt's tokens.
  let isExact: Bool
}
