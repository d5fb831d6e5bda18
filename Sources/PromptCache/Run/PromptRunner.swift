public import Engine
public import PMLCompiler
internal import Store
internal import Tokenizers

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
  /// What lends the states.
  private let snapshot: Snapshot?

  /// The baseline: every token is computed, at positions 0, 1, 2 …
  public init(uncached layout: PromptLayout) {
    attended = []
    tokens = layout.present
    positions = layout.present.indices.map { Int32($0) }
    present = layout.present
    nextPosition = layout.present.count
    snapshot = nil
  }

  init(_ layout: PromptLayout, attended: [AttendedSegment], snapshot: Snapshot) {
    self.attended = attended
    self.snapshot = snapshot
    tokens = layout.computed.map(\.token)
    positions = layout.computed.map { Int32($0.position) }
    present = layout.present
    nextPosition = layout.nextPosition
  }

  /// Lets the store use the space again of what went since, as far as this prompt does not need it.
  func renew() {
    // If it fails the states are still there, and the next time may do.
    _ = try? snapshot?.renew()
  }
}

/// Answers prompts with one model.
public struct PromptRunner: Sendable {
  /// How long an answer may keep others from using the space again that they free.
  private static let renewalInterval = Duration.seconds(1)

  private let engine: InferenceEngine
  private let tokenizer: ModelTokenizer
  private let endTokens: Set<Int32>

  /// A runner of `model`, whose weights `engine` has loaded.
  public init(model: LoadedModel, engine: InferenceEngine) {
    self.engine = engine
    tokenizer = model.tokenizer
    endTokens = model.endTokens
  }

  /// Answers a prompt.
  ///
  /// - Parameters:
  ///   - start: when the request began; the time to the first token counts from here.
  ///   - onText: called with each piece of the answer as it comes; a piece is whole characters, and never part of a stop
  ///     string.
  public func complete(
    _ prompt: PreparedPrompt, options: GenerationOptions, start: ContinuousClock.Instant,
    onText: (String) -> Void = { _ in }
  ) throws(PromptCacheError) -> Completion {
    let clock = ContinuousClock()
    let sequence = SequenceState(attending: prompt.attended)
    let limit = min(options.maximumTokens, engine.configuration.contextLength - prompt.nextPosition)
    var sampler = Sampler(options.sampling, seen: prompt.present)
    var decoder = tokenizer.tokenizer.makeStreamingDecoder()
    var stops = StopMatcher(options.stops)
    var answer = AnswerBuilder(top: options.logProbabilities)

    func emit(_ piece: String) {
      guard !piece.isEmpty else { return }
      answer.text += piece
      onText(piece)
    }

    let prefillStart = clock.now
    var logits = try forward(prompt.tokens, at: prompt.positions, in: sequence)
    let prefillEnd = clock.now
    var token = sampler.pick(from: logits[0])
    let firstToken = clock.now
    var lastRenewal = firstToken
    while true {
      if endTokens.contains(token) {
        answer.finish = .stop
        break
      }
      answer.append(token, logits: logits)
      emit(stops.append(decoder.append(token)))
      if stops.isStopped {
        answer.finish = .stop
        break
      }
      if answer.tokens.count >= limit {
        answer.finish = .length
        break
      }
      if clock.now - lastRenewal > Self.renewalInterval {
        prompt.renew()
        lastRenewal = clock.now
      }
      let position = prompt.nextPosition + answer.tokens.count - 1
      logits = try forward([token], at: [Int32(position)], in: sequence)
      token = sampler.pick(from: logits[0])
    }
    if !stops.isStopped {
      emit(stops.append(decoder.finish()))
      emit(stops.finish())
    }
    return answer.completion(
      of: prompt, firstToken: firstToken - start, prefill: prefillEnd - prefillStart, decoding: clock.now - firstToken)
  }

  /// The logits after the last of some tokens.
  private func forward(
    _ tokens: [Int32], at positions: [Int32], in sequence: SequenceState
  ) throws(PromptCacheError) -> Logits {
    try withEngineErrors { () throws(EngineError) in
      try engine.forward(tokens: tokens, positions: positions, sequence: sequence, logits: .last)
    }
  }
}
