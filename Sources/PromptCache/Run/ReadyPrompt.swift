package import Engine
public import PMLCompiler
package import Store

/// A prompt's tokens, and the states that stand for some of them.
public struct ReadyPrompt: Sendable {
  /// States read from the store, at the positions where the prompt sees them.
  package let attended: [AttendedSegment]
  /// Tokens to compute.
  package let tokens: [Int32]
  /// Their positions, ascending.
  let positions: [Int32]
  /// All tokens present, in the order of their positions.
  let present: [Int32]
  /// Position of the answer's first token.
  let nextPosition: Int
  /// Whether it is computed with a model's long factors (`ContextLimits`).
  let isExtended: Bool
  /// Positions that it and its answer may take.
  let positionsLimit: Int
  /// Number of tokens whose states are read from the store.
  var cachedTokens: Int { present.count - tokens.count }
  /// What lends the states.
  private let snapshot: Snapshot?

  /// The baseline: every token is computed, at positions 0, 1, 2 …
  public init(uncached layout: PromptLayout) {
    attended = []
    tokens = layout.present
    positions = layout.present.indices.map { Int32($0) }
    present = layout.present
    nextPosition = layout.present.count
    isExtended = layout.limits.isExtended(for: nextPosition)
    positionsLimit = layout.limits.positions(isExtended: isExtended)
    snapshot = nil
  }

  package init(_ layout: PromptLayout, attended: [AttendedSegment], snapshot: Snapshot?) {
    self.attended = attended
    self.snapshot = snapshot
    tokens = layout.computed.map(\.token)
    positions = layout.computed.map { Int32($0.position) }
    present = layout.present
    nextPosition = layout.nextPosition
    isExtended = layout.isExtended
    positionsLimit = layout.limits.positions(isExtended: isExtended)
  }

  /// Lets the store use the space again of what went since, as far as this prompt does not need it.
  func renew() {
    // If it fails the states are still there, and the next time may do.
    _ = try? snapshot?.renew()
  }
}
