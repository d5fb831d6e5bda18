internal import Engine
internal import PMLCompiler
internal import Store

/// States in the store that stand for a part of a prompt.
package struct StoredStates: Sendable {
  /// Which encoding's they are; `nil` for states that no store has.
  let key: EncodingKey?
  /// Where they lie.
  let segment: KVSegment
  /// Position at which the first token's key was rotated.
  let encodedAt: Int
  /// Whether they are those of plain inference over the prompt's tokens.
  let isExact: Bool
}

/// What was found in the store for a prompt, and what lends it.
struct FoundStates {
  /// One entry a part of the prompt; `nil` where the part is computed.
  let states: [StoredStates?]
  let snapshot: Snapshot?
  let lease: Lease?

  /// The prompt that reads them, all but tokens that are computed again, by the index of their part.
  ///
  /// - Parameter isExactAgain: whether these have the states of plain inference then.
  func prompt(
    _ layout: PromptLayout, again: [Int: [Range<Int>]] = [:], isExactAgain: Bool = false
  ) -> ReadyPrompt {
    ReadyPrompt(
      layout, states: states, again: again, isExactAgain: isExactAgain, snapshot: snapshot, lease: lease)
  }

  /// The same with other states.
  func replacing(_ states: [StoredStates?]) -> Self { Self(states: states, snapshot: snapshot, lease: lease) }
}
