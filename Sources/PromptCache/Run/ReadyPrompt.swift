package import Engine
public import PMLCompiler
package import Store

/// A prompt's tokens, and the states that stand for some of them.
public struct ReadyPrompt: Sendable {
  /// States read from the store, at the positions where the prompt sees them.
  package let attended: [AttendedSegment]
  /// What the tokens to compute stand on; `nil` where that has no name.
  let basis: PromptBasis?
  /// Tokens to compute.
  package let tokens: [Int32]
  /// Their positions, ascending.
  let positions: [Int32]
  /// Numbers of tokens that the tokens to compute begin with and that are computed as encodings of as many would be.
  let sections: [Int]
  /// All tokens present, in the order of their positions.
  let present: [Int32]
  /// Position of the answer's first token.
  let nextPosition: Int
  /// Whether it is computed with a model's long factors (`ContextLimits`).
  let isExtended: Bool
  /// Positions that it and its answer may take.
  let positionsLimit: Int
  /// What it is made of, in the order of positions; empty for tokens without a schema.
  public let parts: [PromptPart]
  /// Number of tokens present.
  public var promptTokens: Int { present.count }
  /// Number of tokens whose states are read from the store.
  var cachedTokens: Int { present.count - tokens.count }
  /// How many have the states of plain inference over the prompt's tokens though they are not computed in any case: their
  /// encodings saw every present token at a lower position, as that one stands in the prompt; or all that lacks this is
  /// computed again.
  let exactTokens: Int
  /// Whether the tokens to compute have the states of plain inference over the prompt's tokens: what they stand on has, too.
  let computesExactly: Bool
  /// Positions of those among these tokens that `exactTokens` counts.
  private let countedPositions: [Int32]
  /// Where the states of these tokens are looked for and left.
  private(set) var memory: ConversationMemory?
  /// What lends the states.
  private let snapshot: Snapshot?
  /// Says to other processes that joint encodings are in use, so that they do not free them.
  private let lease: Lease?

  /// The baseline: every token is computed, at positions 0, 1, 2 …
  ///
  /// What stands in front of the last new text is computed as its joint encodings are. So a prompt that reads all of these
  /// from the store, in single precision and at the same positions, has the same answer, to the bit.
  public init(uncached layout: PromptLayout) {
    let sections = layout.chain.digests.indices.map { layout.reusableCount(of: $0) }.filter { $0 > 0 }
    self.init(tokens: layout.present, limits: layout.limits, sections: sections)
  }

  private init(tokens: [Int32], limits: ContextLimits, sections: [Int] = []) {
    self.init(tokens: tokens, limits: limits, sections: sections, states: [], snapshot: nil, lease: nil)
  }

  /// A conversation with the states of its first pieces.
  init(of chain: ConversationChain, states: [StoredStates], snapshot: Snapshot?, lease: Lease?) {
    self.init(tokens: chain.tokens, limits: chain.limits, states: states, snapshot: snapshot, lease: lease)
  }

  /// Tokens at positions 0, 1, 2 …, the first of which have exact states, side by side.
  private init(
    tokens: [Int32], limits: ContextLimits, sections: [Int] = [], states: [StoredStates], snapshot: Snapshot?,
    lease: Lease?
  ) {
    self.sections = sections
    isExtended = limits.isExtended(for: tokens.count)
    positionsLimit = limits.positions(isExtended: isExtended)
    var attended: [AttendedSegment] = []
    var segments: [PromptBasis.Segment?] = []
    var cached = 0
    for stored in states {
      // The last token is computed in any case: the answer starts from it.
      let count = min(stored.segment.layout.tokens, tokens.count - 1 - cached)
      guard count > 0 else { break }
      attended.append(AttendedSegment(stored.segment, place: cached, encodedAt: stored.encodedAt, count: count))
      segments.append(
        stored.key.map {
          PromptBasis.Segment(key: $0, place: cached, encodedAt: stored.encodedAt, count: count, omitted: [])
        })
      cached += count
    }
    self.attended = attended
    basis = PromptBasis(segments: segments, isExtended: isExtended)
    parts = []
    present = tokens
    self.tokens = Array(tokens.dropFirst(cached))
    positions = (cached..<tokens.count).map { Int32($0) }
    exactTokens = cached
    computesExactly = true
    countedPositions = []
    nextPosition = tokens.count
    self.snapshot = snapshot
    self.lease = lease
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
    self.init(tokens: tokens, limits: model.tokenizer.contextLimits)
    guard tokens.count < positionsLimit else {
      throw .promptTooLong(tokens: tokens.count, contextLength: positionsLimit)
    }
    let size = model.configuration.vocabularySize
    for token in tokens where token < 0 || Int(token) >= size {
      throw .engine(.tokenOutOfRange(token: token, vocabularySize: size))
    }
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
    var segments: [PromptBasis.Segment?] = []
    var (tokens, positions, counted): ([Int32], [Int32], [Int32]) = ([], [], [])
    var exactTokens = 0
    var isExact = true
    var parts: [PromptPart] = []
    parts.reserveCapacity(states.count)
    for (index, (part, stored)) in zip(layout.parts, states).enumerated() {
      let before = (tokens.count, exactTokens)
      defer {
        parts.append(
          PromptPart(
            content: part.content, start: part.start, tokens: part.tokens.count,
            computed: tokens.count - before.0, exact: exactTokens - before.1))
      }
      var reused = 0
      if let stored {
        reused = layout.reusableCount(of: index)
        let omitted = again[index] ?? []
        let repaired = omitted.reduce(0) { $0 + $1.count }
        if repaired < reused {
          attended.append(
            AttendedSegment(
              stored.segment, place: part.start, encodedAt: stored.encodedAt, count: reused, omitting: omitted))
          segments.append(
            stored.key.map {
              PromptBasis.Segment(
                key: $0, place: part.start, encodedAt: stored.encodedAt, count: reused, omitted: omitted)
            })
          isExact = isExact && stored.isExact
        }
        if stored.isExact { exactTokens += reused - repaired }
        tokens += omitted.joined().map { part.tokens[$0] }
        positions += omitted.joined().map { Int32(part.start + $0) }
        if isExactAgain {
          exactTokens += repaired
          counted += omitted.joined().map { Int32(part.start + $0) }
        }
      }
      tokens += part.tokens[reused...]
      positions += (reused..<part.tokens.count).map { Int32(part.start + $0) }
    }
    self.init(
      layout, attended: attended, basis: PromptBasis(segments: segments, isExtended: layout.isExtended), parts: parts,
      tokens: tokens, positions: positions, exactTokens: exactTokens, computesExactly: isExact, counted: counted,
      snapshot: snapshot, lease: lease)
  }

  /// A prompt of these segments and tokens.
  package init(
    _ layout: PromptLayout, attended: [AttendedSegment], tokens: [Int32], positions: [Int32], exactTokens: Int,
    snapshot: Snapshot?
  ) {
    self.init(
      layout, attended: attended, basis: nil, parts: [], tokens: tokens, positions: positions, exactTokens: exactTokens,
      computesExactly: false, counted: [], snapshot: snapshot, lease: nil)
  }

  private init(
    _ layout: PromptLayout, attended: [AttendedSegment], basis: PromptBasis?, parts: [PromptPart],
    tokens: [Int32], positions: [Int32], exactTokens: Int, computesExactly: Bool, counted: [Int32], snapshot: Snapshot?,
    lease: Lease?
  ) {
    self.attended = attended
    self.basis = basis
    self.parts = parts
    sections = []
    self.tokens = tokens
    self.positions = positions
    self.exactTokens = exactTokens
    self.computesExactly = computesExactly
    countedPositions = counted
    self.snapshot = snapshot
    self.lease = lease
    present = layout.present
    nextPosition = layout.nextPosition
    isExtended = layout.isExtended
    positionsLimit = layout.limits.positions(isExtended: isExtended)
  }

  /// The same prompt, which goes on from what `memory` has of it, and leaves its states there: those of its own tokens, and
  /// those of the answer.
  ///
  /// - Parameter memory: the conversations of one client, or of clients that may learn of each other what they asked.
  public func remembered(in memory: ConversationMemory) -> ReadyPrompt {
    var prompt = self
    // What is remembered has no sections.
    prompt.memory = memory.byteLimit > 0 && sections.isEmpty ? memory : nil
    return prompt
  }

  /// How many of the tokens to compute are computed as encodings are.
  var encodedTokens: Int { sections.reduce(0, +) }

  /// How many of the first `count` tokens to compute are exact, and not counted as such, if they were remembered instead.
  func exactCount(ofComputed count: Int) -> Int {
    guard computesExactly, count > 0 else { return 0 }
    let last = positions[count - 1]
    return count - countedPositions.count { $0 <= last }
  }

  /// Lets the store use the space again of what went since, as far as this prompt does not need it.
  func renew() {
    // If it fails the states are still there, and the next time may do.
    _ = try? snapshot?.renew()
  }
}
