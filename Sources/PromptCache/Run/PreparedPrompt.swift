package import Engine
public import PMLCompiler

/// A prompt's tokens, and the states that stand for some of them.
public struct PreparedPrompt: Sendable {
  /// States read from the store, at the positions where the prompt sees them.
  package let attended: [AttendedSegment]
  /// Tokens to compute.
  let tokens: [Int32]
  /// Their positions, ascending.
  let positions: [Int32]
  /// All tokens present, in the order of their positions.
  let present: [Int32]
  /// Position of the answer's first token.
  let nextPosition: Int

  /// The baseline: every token is computed, at positions 0, 1, 2 …
  public init(uncached layout: PromptLayout) {
    attended = []
    tokens = layout.present
    positions = layout.present.indices.map { Int32($0) }
    present = layout.present
    nextPosition = layout.present.count
  }

  init(_ layout: PromptLayout, attended: [AttendedSegment]) {
    self.attended = attended
    tokens = layout.computed.map(\.token)
    positions = layout.computed.map { Int32($0.position) }
    present = layout.present
    nextPosition = layout.nextPosition
  }
}
