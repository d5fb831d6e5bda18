internal import Engine
internal import Tokenizers

/// A consumer of a sequence's scores.
protocol ScoreReader {
  /// Whether they are no longer wanted.
  var isGone: Bool { get }
  /// The token that goes behind those computed; `nil` while there is none, or the reader is too far behind.
  var nextToken: Int32? { get }
  /// Tokens of the answer that are known.
  var answerTokens: [Int32] { get }
  /// Counts time that the prompt took.
  mutating func addPrefill(_ duration: Duration)
  /// Counts tokens of the prompt that were computed for another answer, some of which have the states of plain inference
  /// and were not counted as such.
  mutating func addRemembered(_ tokens: Int, exactly exactTokens: Int)
  /// Takes the scores of the next token.
  ///
  /// - Returns: whether it was the last.
  mutating func take(_ logits: Logits) -> Bool
  /// Nothing more comes.
  func fail(_ error: PromptCacheError)
}

extension ScoreReader {
  var answerTokens: [Int32] { [] }
  mutating func addRemembered(_ tokens: Int, exactly exactTokens: Int) {}
}

/// The text of an answer as it is sampled.
struct SampledAnswer: ScoreReader {
  private let channel: AnswerChannel<GenerationEvent>
  private let unreadLimit: Int
  private let endTokens: Set<Int32>
  /// Tokens of the answer at most.
  private let limit: Int
  private let likeliest: Int?
  private let tokenizer: ModelTokenizer
  private let promptTokens: Int
  private var cachedTokens: Int
  private var exactTokens: Int

  private var sampler: Sampler
  private var decoder: StreamingDecoder
  private var stops: StopMatcher
  private var text = ""
  private var tokens: [Int32] = []
  private var logProbabilities: [Completion.Position] = []
  private var clock: GenerationClock

  /// - Parameters:
  ///   - limit: tokens of the answer at most.
  ///   - start: when the request began; the time to the first token counts from here.
  ///   - unreadLimit: events that may wait to be read.
  init(
    to prompt: ReadyPrompt, _ options: GenerationOptions, model: LoadedModel, limit: Int,
    start: ContinuousClock.Instant, into channel: AnswerChannel<GenerationEvent>, unreadLimit: Int
  ) {
    self.channel = channel
    self.unreadLimit = unreadLimit
    self.limit = limit
    endTokens = options.ignoresEndTokens ? [] : model.endTokens
    likeliest = options.logProbabilities
    tokenizer = model.tokenizer
    promptTokens = prompt.present.count
    cachedTokens = prompt.cachedTokens
    exactTokens = prompt.exactTokens
    sampler = Sampler(options.sampling, seen: prompt.present)
    decoder = model.tokenizer.tokenizer.makeStreamingDecoder()
    stops = StopMatcher(options.stops)
    clock = GenerationClock(start: start)
  }

  var isGone: Bool { channel.isGone }

  var nextToken: Int32? { channel.unread < unreadLimit ? tokens.last : nil }

  var answerTokens: [Int32] { tokens }

  mutating func addPrefill(_ duration: Duration) { clock.addPrefill(duration) }

  mutating func addRemembered(_ tokens: Int, exactly exactTokens: Int) {
    cachedTokens += tokens
    self.exactTokens += exactTokens
  }

  func fail(_ error: PromptCacheError) { channel.finish(.failure(error)) }

  mutating func take(_ logits: Logits) -> Bool {
    let events = events(from: logits)
    channel.send(events)
    guard case .finish? = events.last else { return false }
    channel.finish()
    return true
  }

  private mutating func events(from logits: Logits) -> [GenerationEvent] {
    let token = sampler.pick(from: logits[0])
    clock.countToken()
    guard !endTokens.contains(token) else { return finish(.stop) }
    var events: [GenerationEvent] = [.token(token, note(token, logits))]
    append(stops.append(decoder.append(token)), to: &events)
    if stops.isStopped { return events + finish(.stop) }
    if tokens.count >= limit { return events + finish(.length) }
    return events
  }

  private mutating func note(_ token: Int32, _ logits: Logits) -> Completion.Position? {
    tokens.append(token)
    guard let likeliest else { return nil }
    let probabilities = LogProbabilities(logits[0])
    let position = Completion.Position(
      token: token, text: tokenizer.pieceText(of: token), logProbability: probabilities[token],
      top: probabilities.top(likeliest).map {
        Completion.TokenLogProbability(
          token: $0.tokenID, text: tokenizer.pieceText(of: $0.tokenID), logProbability: $0.logProbability)
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
        promptTokens: promptTokens, cachedTokens: cachedTokens, exactTokens: exactTokens,
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
