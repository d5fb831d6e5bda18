extension InferenceEngine {
  /// Tokens whose states are wanted, and what they see beside themselves.
  public struct Encoding: Sendable {
    /// Token IDs, one or more.
    public let tokens: [Int32]
    /// A position for each, rising.
    public let positions: [Int32]
    /// What the tokens see beside each other.
    public let context: [AttendedSegment]
    /// Whether a model with LongRoPE takes its long factors.
    public let isExtended: Bool

    /// Tokens at these positions in `context`, which was encoded with the same `isExtended`.
    public init(tokens: [Int32], positions: [Int32], context: [AttendedSegment], isExtended: Bool = false) {
      self.tokens = tokens
      self.positions = positions
      self.context = context
      self.isExtended = isExtended
    }

    /// All of its tokens, as those of a sequence of its own.
    package var input: Input {
      Input(
        sequence: SequenceState(attending: context, isExtended: isExtended), tokens: tokens, positions: positions,
        logits: .none, isEncoding: true)
    }
  }

  /// Computes the states of tokens that see `context` and each other, and keeps nothing else.
  ///
  /// - Throws: as `forward`.
  public func encode(
    tokens: [Int32], positions: [Int32], context: [AttendedSegment]
  ) throws(EngineError) -> SegmentStates {
    try encode([Encoding(tokens: tokens, positions: positions, context: context)])[0]
  }

  /// Computes the states of several runs of tokens, each in a context of its own, packed into few passes.
  ///
  /// The states of each are the same bits, whatever it is packed with, and in whatever parts it is computed.
  ///
  /// - Returns: the states of each, in order.
  /// - Throws: as `forward`.
  public func encode(_ encodings: [Encoding]) throws(EngineError) -> [SegmentStates] {
    let inputs = encodings.map { $0.input }
    // Layer by layer, so that answers under way go on.
    let pass = try begin(inputs)
    guard try pass.advance(while: { !Task.isCancelled }) != nil else { throw .cancelled }
    return inputs.map { states(of: $0.sequence) }
  }

  /// The states of a sequence's own tokens, when no pass over it is under way any more. It is not to grow after that.
  package func states(of sequence: SequenceState) -> SegmentStates {
    SegmentStates(sequence.fresh ?? FreshStates(shape: kvShape), of: configuration.kvLayers)
  }
}
