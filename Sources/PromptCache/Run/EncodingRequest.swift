internal import Engine

/// Encodings that somebody waits for.
final class EncodingRequest: PassRequest {
  /// Some of an encoding's tokens, the next ones.
  private struct Part {
    let encoding: Int
    let tokens: Int
  }

  /// Each with all of its tokens.
  private let inputs: [InferenceEngine.Input]
  /// Tokens of each that are computed.
  private var computed: [Int]
  /// What the pass that has begun computes.
  private var parts: [Part] = []
  private let channel: AnswerChannel<[SegmentStates]>

  init(_ encodings: [InferenceEngine.Encoding], into channel: AnswerChannel<[SegmentStates]>) {
    inputs = encodings.map(\.input)
    computed = Array(repeating: 0, count: inputs.count)
    self.channel = channel
  }

  /// They are the store's, which takes them bit by bit.
  var stateBytes: Int { 0 }

  var isGone: Bool { channel.isGone }

  private func tokensLeft(of encoding: Int) -> Int { inputs[encoding].tokens.count - computed[encoding] }

  func begin(room: Int, on engine: InferenceEngine) throws(EngineError) -> InferenceEngine.PassInProgress {
    parts = nextParts(room: room)
    return try engine.begin(parts.map(input(of:)))
  }

  /// The next parts, of up to `room` tokens together.
  private func nextParts(room: Int) -> [Part] {
    let part = InferenceEngine.tokensPerPart
    var room = room
    var parts: [Part] = []
    for encoding in inputs.indices where tokensLeft(of: encoding) > 0 {
      let left = tokensLeft(of: encoding)
      let count = left <= room ? left : room / part * part
      guard count > 0 else { break }
      parts.append(Part(encoding: encoding, tokens: count))
      room -= count
    }
    return parts
  }

  private func input(of part: Part) -> InferenceEngine.Input {
    let all = inputs[part.encoding]
    let range = computed[part.encoding]..<computed[part.encoding] + part.tokens
    return InferenceEngine.Input(
      sequence: all.sequence, tokens: Array(all.tokens[range]), positions: Array(all.positions[range]), logits: .none,
      isEncoding: true)
  }

  func take(_ pass: InferenceEngine.PassInProgress, on engine: InferenceEngine) -> Bool {
    for part in parts { computed[part.encoding] += part.tokens }
    guard inputs.indices.allSatisfy({ tokensLeft(of: $0) == 0 }) else { return false }
    channel.send(CollectionOfOne(inputs.map { engine.states(of: $0.sequence) }))
    channel.finish()
    return true
  }

  func fail(_ error: PromptCacheError) { channel.finish(.failure(error)) }
}
