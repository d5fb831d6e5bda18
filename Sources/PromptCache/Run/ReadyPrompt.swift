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
  /// Number of tokens present.
  public var promptTokens: Int { present.count }
  /// Number of tokens whose states are read from the store.
  var cachedTokens: Int { present.count - tokens.count }
  /// How many have the states of plain inference over the prompt's tokens though they are not computed in any case: their
  /// encodings saw every present token at a lower position, as that one stands in the prompt; or all that lacks this is
  /// computed again.
  let exactTokens: Int
  /// What lends the states.
  private let snapshot: Snapshot?
  /// Says to other processes that joint encodings are in use, so that they do not free them.
  private let lease: Lease?

  /// The baseline: every token is computed, at positions 0, 1, 2 …
  public init(uncached layout: PromptLayout) {
    attended = []
    present = layout.present
    tokens = present
    positions = present.indices.map { Int32($0) }
    exactTokens = 0
    nextPosition = present.count
    isExtended = layout.limits.isExtended(for: nextPosition)
    positionsLimit = layout.limits.positions(isExtended: isExtended)
    snapshot = nil
    lease = nil
  }

  /// A sequence of tokens without a schema: every one is computed, at positions 0, 1, 2 …
  ///
  /// - Parameters:
  ///   - tokens: one or more, each with an embedding in the model.
  ///   - model: the model that it is for.
  /// - Throws: `PromptCacheError.emptyPrompt` without tokens; `.promptTooLong` where the model has no position left for an
  ///   answer; `.engine(.tokenOutOfRange)`.
  public init(tokens: [Int32], for model: LoadedModel) throws(PromptCacheError) {
    guard !tokens.isEmpty else { throw .emptyPrompt }
    let limits = model.tokenizer.contextLimits
    isExtended = limits.isExtended(for: tokens.count)
    positionsLimit = limits.positions(isExtended: isExtended)
    guard tokens.count < positionsLimit else {
      throw .promptTooLong(tokens: tokens.count, contextLength: positionsLimit)
    }
    let size = model.configuration.vocabularySize
    for token in tokens where token < 0 || Int(token) >= size {
      throw .engine(.tokenOutOfRange(token: token, vocabularySize: size))
    }
    attended = []
    present = tokens
    self.tokens = tokens
    positions = tokens.indices.map { Int32($0) }
    exactTokens = 0
    nextPosition = tokens.count
    snapshot = nil
    lease = nil
  }

  /// A prompt with the states that were found.
  ///
  /// - Parameters:
  ///   - states: one entry a part of `layout`; `nil` where the part is computed.
  ///   - again: tokens of parts, by the part's index, that are computed though their states are there.
  ///   - snapshot: what lends the states.
  ///   - lease: keeps joint encodings among them in the store.
  ///   - isExactAgain: whether these have the states of plain inference then.
  package init(
    _ layout: PromptLayout, states: [StoredStates?], again: [Int: [Range<Int>]] = [:], isExactAgain: Bool = false,
    snapshot: Snapshot?, lease: Lease? = nil
  ) {
    precondition(states.count == layout.parts.count, "\(states.count) entries for \(layout.parts.count) parts")
    var attended: [AttendedSegment] = []
    attended.reserveCapacity(states.count)
    var (tokens, positions): ([Int32], [Int32]) = ([], [])
    var exactTokens = 0
    for (index, (part, stored)) in zip(layout.parts, states).enumerated() {
      var reused = 0
      if let stored {
        reused = layout.reusableCount(of: index)
        let omitted = again[index] ?? []
        let repaired = omitted.reduce(0) { $0 + $1.count }
        if repaired < reused {
          attended.append(
            AttendedSegment(
              stored.segment, place: part.start, encodedAt: stored.encodedAt, count: reused, omitting: omitted))
        }
        if stored.isExact { exactTokens += reused - repaired }
        if isExactAgain { exactTokens += repaired }
        tokens += omitted.joined().map { part.tokens[$0] }
        positions += omitted.joined().map { Int32(part.start + $0) }
      }
      tokens += part.tokens[reused...]
      positions += (reused..<part.tokens.count).map { Int32(part.start + $0) }
    }
    self.init(
      layout, attended: attended, tokens: tokens, positions: positions, exactTokens: exactTokens, snapshot: snapshot,
      lease: lease)
  }

  /// A prompt of these segments and tokens.
  package init(
    _ layout: PromptLayout, attended: [AttendedSegment], tokens: [Int32], positions: [Int32], exactTokens: Int,
    snapshot: Snapshot?, lease: Lease? = nil
  ) {
    self.attended = attended
    self.tokens = tokens
    self.positions = positions
    self.exactTokens = exactTokens
    self.snapshot = snapshot
    self.lease = lease
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
