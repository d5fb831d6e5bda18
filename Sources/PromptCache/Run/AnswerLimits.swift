/// What a scheduler takes on at a time.
public struct AnswerLimits: Sendable {
  /// Answers that are computed at a time; 1 or more. Others wait.
  public var running: Int
  /// Answers that wait at most; any number without it.
  public var waiting: Int?
  /// How long an answer may wait to begin, to the second; as long as it takes without it.
  public var waitingTime: Duration?
  /// Bytes of new states of all running answers; any number without it. Cached states take none: they lie in the store.
  public var stateBytes: Int?
  /// Tokens of prompts that one pass computes at most; `InferenceEngine.tokensPerPart` or more.
  public var promptTokensPerPass: Int
  /// Events that may wait for an answer's reader; 1 or more. With more, the answer stands still, and others go on.
  public var unreadEvents: Int
  /// How long an answer may keep others from using space in the store again that they free.
  package var renewalInterval = Duration.seconds(1)

  /// Limits that suit one program's own answers; a server will want tighter ones.
  public init(
    running: Int = 64, waiting: Int? = nil, waitingTime: Duration? = nil, stateBytes: Int? = nil,
    promptTokensPerPass: Int = 512,
    unreadEvents: Int = 64
  ) {
    self.running = max(running, 1)
    self.waiting = waiting
    self.waitingTime = waitingTime
    self.stateBytes = stateBytes
    self.promptTokensPerPass = promptTokensPerPass
    self.unreadEvents = max(unreadEvents, 1)
  }
}

/// What one answer takes at most. It is known before the answer begins.
public struct AnswerBudget: Hashable, Sendable {
  /// Tokens that are computed: those of the prompt that have no states, and the answer's.
  public let tokens: Int
  /// Bytes of their states.
  public let stateBytes: Int
}

/// What a scheduler is doing.
public struct AnswerLoad: Hashable, Sendable {
  /// Answers that are computed.
  public let running: Int
  /// Answers that wait to begin.
  public let waiting: Int
  /// Bytes of new states that the running answers may take.
  public let stateBytes: Int

  /// A load of so much.
  public init(running: Int, waiting: Int, stateBytes: Int) {
    self.running = running
    self.waiting = waiting
    self.stateBytes = stateBytes
  }
}
