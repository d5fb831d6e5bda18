internal import Engine

/// An answer that is over, whose text is about to be computed once more, as a prompt is, for the conversation to go on from.
///
/// The states that it was made from, token by token, are not those that a prompt computes: products of few rows and of many
/// round differently, so an answer would depend on whether what it goes on from was still in memory. The scheduler alone
/// touches it.
final class UnsettledAnswer {
  let prompt: ReadyPrompt
  let memory: ConversationMemory
  /// What is to be kept: the prompt and the answer.
  let text: RememberedText
  let since = ContinuousClock.now
  /// When the answer ended, as the memory counts.
  private let use: Int
  /// The pass that is being computed.
  var pass: InferenceEngine.PassInProgress?

  private var sequence: SequenceState?
  private var computed = 0

  init(_ prompt: ReadyPrompt, _ text: RememberedText, in memory: ConversationMemory) {
    self.prompt = prompt
    self.text = text
    self.memory = memory
    use = memory.now()
  }

  var isDone: Bool { computed == text.tokens.count }

  /// Finds out what is known of the text.
  ///
  /// - Returns: whether something is missing, and the prompt is not.
  /// - Throws: `EngineError.outOfMemory`.
  func begin() throws(EngineError) -> Bool {
    guard sequence == nil else { return true }
    let isShort = prompt.tokens.count <= InferenceEngine.tokensOfShortInput
    let known = memory.count(of: text)
    guard known < text.tokens.count, isShort || known >= prompt.tokens.count else { return false }
    if known > 0, let beginning = memory.beginning(of: text, most: known, use: use) {
      computed = beginning.count
      sequence = try SequenceState(
        attending: prompt.attended, isExtended: prompt.isExtended, beginningWith: beginning, count: computed)
    } else {
      sequence = SequenceState(attending: prompt.attended, isExtended: prompt.isExtended)
    }
    return true
  }

  /// Bytes of states that it takes beside those that are known.
  func missingBytes(of engine: InferenceEngine) -> Int {
    engine.byteCount(ofNewTokens: text.tokens.count - computed, behind: computed)
  }

  /// The next tokens, about as many as `most`.
  func input(atMost most: Int) -> InferenceEngine.Input? {
    guard let sequence, !isDone else { return nil }
    let part = InferenceEngine.tokensPerPart
    let next = computed..<min(computed + max(most / part, 1) * part - computed % part, text.tokens.count)
    return InferenceEngine.Input(
      sequence: sequence, tokens: Array(text.tokens[next]), positions: Array(text.positions[next]), logits: .none,
      isPartOfPrompt: true)
  }

  /// Goes on behind the tokens of `input`, which are computed, and keeps the text if they were the last.
  ///
  /// - Throws: `EngineError.outOfMemory`.
  func count(_ input: InferenceEngine.Input) throws(EngineError) {
    computed += input.tokens.count
    pass = nil
    guard isDone else { return }
    memory.keep(try input.sequence.beginning(computed), of: text, use: use)
  }
}

/// Answers that wait to be settled, in the order in which they ended.
struct SettlingAnswers {
  private(set) var waiting: [UnsettledAnswer] = []

  /// Answers that wait at most.
  private static let most = 32
  /// How long one waits at most for the scheduler to have nothing else to do: it holds what its prompt stands on.
  private static let patience = Duration.seconds(10)

  var isEmpty: Bool { waiting.isEmpty }
  /// The one that has waited longest.
  var first: UnsettledAnswer? { waiting.first }
  /// Those that have waited too long, or are too many.
  var surplus: [UnsettledAnswer] {
    let now = ContinuousClock.now
    return waiting.enumerated().filter { index, answer in
      index < waiting.count - Self.most || now - answer.since > Self.patience
    }.map(\.element)
  }

  mutating func append(_ answer: UnsettledAnswer) { waiting.append(answer) }

  mutating func remove(_ answer: UnsettledAnswer) { waiting.removeAll { $0 === answer } }

  /// The longest that a text goes on from.
  func beginning(of text: RememberedText, in memory: ConversationMemory) -> UnsettledAnswer? {
    waiting.filter { $0.memory === memory && $0.text.isBeginning(of: text) }
      .max { $0.text.tokens.count < $1.text.tokens.count }
  }
}
