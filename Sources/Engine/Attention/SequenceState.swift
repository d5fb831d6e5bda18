public import KVCacheFormat
import Synchronization

// What is below is touched only between `begin` and `end`, and `inUse` lets in one at a time.
/// One sequence that is being computed: the cached segments that it sees, and the states of its own tokens so far.
///
/// It grows with each pass. Passes over one sequence take turns: a second one at the same time is refused.
public final class SequenceState: @unchecked Sendable {
  /// The cached segments.
  public let attended: [AttendedSegment]
  /// Whether it is rotated for texts longer than what the model was first trained on.
  public let isExtended: Bool
  /// Where its own tokens lie.
  let layout: PageLayout

  private(set) var fresh: FreshStates?
  /// Position of the last of the sequence's own tokens.
  var lastPosition: Int? { fresh?.lastPosition }
  private let inUse = Atomic<Bool>(false)

  /// A sequence without tokens of its own.
  ///
  /// - Parameters:
  ///   - attended: the cached segments that it sees.
  ///   - isExtended: whether a model with LongRoPE takes its long factors. The segments were encoded with the same.
  ///   - sections: numbers of its own tokens, one or more each, that it begins with and that are met as cached segments would
  ///     be. Computed as encodings, in single precision, they are these, to the bit.
  public init(attending attended: [AttendedSegment] = [], isExtended: Bool = false, sections: [Int] = []) {
    self.attended = attended
    self.isExtended = isExtended
    layout = PageLayout(sections: sections)
  }

  /// A sequence that goes on from tokens which another one has computed.
  ///
  /// - Parameters:
  ///   - attended: the cached segments that it sees: the same as the other one.
  ///   - isExtended: as the other one's.
  ///   - beginning: the states of its first tokens.
  ///   - count: how many of these it begins with, one or more.
  /// - Throws: `EngineError.outOfMemory`.
  package init(
    attending attended: [AttendedSegment], isExtended: Bool, beginningWith beginning: SequenceBeginning, count: Int
  ) throws(EngineError) {
    self.attended = attended
    self.isExtended = isExtended
    layout = beginning.layout
    fresh = try FreshStates(beginning, count: count)
  }

  /// The states of its first `count` own tokens, for other sequences to go on from.
  ///
  /// - Precondition: it has these tokens, one or more.
  /// - Throws: `EngineError.outOfMemory`; `.sequenceInUse` during a pass.
  package func beginning(_ count: Int) throws(EngineError) -> SequenceBeginning {
    try begin()
    defer { end() }
    guard let fresh else { preconditionFailure("a sequence without tokens has no beginning") }
    return try fresh.beginning(count)
  }

  /// Claims the sequence for one pass.
  ///
  /// - Throws: `EngineError.sequenceInUse`.
  func begin() throws(EngineError) {
    let (claimed, _) = inUse.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing)
    guard claimed else { throw .sequenceInUse }
  }

  /// Takes the memory for `tokens` more tokens now, so that a pass over them does not fail for it.
  ///
  /// - Parameters:
  ///   - tokens: how many there will be.
  ///   - shape: of the model's states.
  /// - Throws: `EngineError.outOfMemory`; `.sequenceInUse` during a pass.
  public func reserve(_ tokens: Int, shape: KVShape) throws(EngineError) {
    try begin()
    defer { end() }
    let states = fresh ?? FreshStates(shape: shape, layout: layout)
    try states.reserve(tokens)
    fresh = states
  }

  /// Gives the sequence back.
  func end() { inUse.store(false, ordering: .releasing) }

  /// Makes room for tokens at these positions; for use within a pass.
  ///
  /// - Throws: `EngineError.outOfMemory`, with no token added.
  func append(
    positions: some RandomAccessCollection<Int32>, shape: KVShape
  ) throws(EngineError) -> FreshStates {
    let states = fresh ?? FreshStates(shape: shape, layout: layout)
    try states.append(positions: positions)
    fresh = states
    return states
  }
}
