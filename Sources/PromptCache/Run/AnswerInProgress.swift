internal import Engine
internal import Tokenizers

/// One answer while it is made: what has to be computed for it next, and what has come of it.
struct AnswerInProgress: Sendable {
  /// How long an answer may keep others from using the space again that they free.
  private static let renewalInterval = Duration.seconds(1)

  private let prompt: ReadyPrompt
  private let sequence: SequenceState
  private let endTokens: Set<Int32>
  /// Tokens of the answer at most.
  private let limit: Int
  private let likeliest: Int?

  private var sampler: Sampler
  private var decoder: StreamingDecoder
  private var stops: StopMatcher
  private var text = ""
  private var tokens: [Int32] = []
  private var logProbabilities: [Completion.Position] = []

  /// Tokens of the prompt that are computed.
  private var computed = 0
  private var clock: GenerationClock
  private var lastRenewal = ContinuousClock.now

  /// - Parameter start: when the request began; the time to the first token counts from here.
  init(
    to prompt: ReadyPrompt, _ options: GenerationOptions, tokenizer: Tokenizer, endTokens: Set<Int32>,
    contextLength: Int, start: ContinuousClock.Instant
  ) {
    self.prompt = prompt
    self.endTokens = endTokens
    sequence = SequenceState(attending: prompt.attended)
    limit = min(options.maximumTokens, contextLength - prompt.nextPosition)
    likeliest = options.logProbabilities
    sampler = Sampler(options.sampling, seen: prompt.present)
    decoder = tokenizer.makeStreamingDecoder()
    stops = StopMatcher(options.stops)
    clock = GenerationClock(start: start)
  }

  /// Whether the answer has begun, so that one token is computed at a time.
  var isDecoding: Bool { !tokens.isEmpty }

  /// What has to be computed next: a part of the prompt, as much as a pass takes, or the answer's last token.
  var nextInput: InferenceEngine.Input {
    if let last = tokens.last {
      let position = Int32(prompt.nextPosition + tokens.count - 1)
      return InferenceEngine.Input(sequence: sequence, tokens: [last], positions: [position], logits: .last)
    }
    let part = computed..<min(computed + InferenceEngine.tokensPerPass, prompt.tokens.count)
    return InferenceEngine.Input(
      sequence: sequence, tokens: Array(prompt.tokens[part]), positions: Array(prompt.positions[part]),
      logits: part.upperBound == prompt.tokens.count ? .last : .none)
  }

  /// Takes in what came of `nextInput`, and goes on to the next one.
  ///
  /// - Returns: what is known now; `.finish` is the last of it.
  mutating func take(_ logits: Logits, computing count: Int, took duration: Duration) -> [GenerationEvent] {
    renewIfDue()
    if !isDecoding {
      clock.addPrefill(duration)
      computed += count
      guard logits.rows > 0 else { return [] }
    }
    let token = sampler.pick(from: logits[0])
    clock.countToken()
    guard !endTokens.contains(token) else { return finish(.stop) }
    var events: [GenerationEvent] = [.token(token, note(token, logits))]
    append(stops.append(decoder.append(token)), to: &events)
    if stops.isStopped { return events + finish(.stop) }
    if tokens.count >= limit { return events + finish(.length) }
    return events
  }

  private mutating func renewIfDue() {
    let now = ContinuousClock.now
    guard now - lastRenewal > Self.renewalInterval else { return }
    prompt.renew()
    lastRenewal = now
  }

  private mutating func note(_ token: Int32, _ logits: Logits) -> Completion.Position? {
    tokens.append(token)
    guard let likeliest else { return nil }
    let probabilities = LogProbabilities(logits[0])
    let position = Completion.Position(
      token: token, logProbability: probabilities[token],
      top: probabilities.top(likeliest).map {
        Completion.TokenLogProbability(token: $0.tokenID, logProbability: $0.logProbability)
      })
    logProbabilities.append(position)
    return position
  }

  private mutating func append(_ piece: String, to events: inout [GenerationEvent]) {
    guard !piece.isEmpty else { return }
    text += piece
    events.append(.text(piece))
  }

  private mutating func finish(_ reason: Completion.FinishReason) -> [GenerationEvent] {
    var events: [GenerationEvent] = []
    if !stops.isStopped {
      append(stops.append(decoder.finish()), to: &events)
      append(stops.finish(), to: &events)
    }
    // What was held back may have completed a stop string.
    return events + [.finish(completion(stops.isStopped ? .stop : reason))]
  }

  private func completion(_ reason: Completion.FinishReason) -> Completion {
    Completion(
      text: text, tokens: tokens, finishReason: reason,
      usage: Completion.Usage(
        promptTokens: prompt.present.count, cachedTokens: prompt.cachedTokens,
        completionTokens: tokens.count),
      timings: clock.timings, logProbabilities: likeliest == nil ? nil : logProbabilities)
  }
}

/// Takes the times of one answer.
private struct GenerationClock: Sendable {
  private let start: ContinuousClock.Instant
  private var prefill = Duration.zero
  private var firstToken: ContinuousClock.Instant?
  private var lastToken: ContinuousClock.Instant?
  private var tokens = 0

  init(start: ContinuousClock.Instant) { self.start = start }

  mutating func addPrefill(_ duration: Duration) { prefill += duration }

  /// To be called as each token is known, the one that ends the answer included.
  mutating func countToken() {
    lastToken = ContinuousClock.now
    firstToken = firstToken ?? lastToken
    tokens += 1
  }

  var timings: Completion.Timings {
    guard let firstToken, let lastToken else {
      return Completion.Timings(timeToFirstToken: 0, prefill: prefill.inSeconds * 1000, decodeTokensPerSecond: 0)
    }
    let decoding = (lastToken - firstToken).inSeconds
    return Completion.Timings(
      timeToFirstToken: (firstToken - start).inSeconds * 1000, prefill: prefill.inSeconds * 1000,
      decodeTokensPerSecond: decoding > 0 ? Double(tokens - 1) / decoding : 0)
  }
}
