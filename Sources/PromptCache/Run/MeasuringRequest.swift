internal import Engine

/// New tokens that are asked what they attend to, and somebody who waits for it.
final class MeasuringRequest: PassRequest {
  let stateBytes: Int

  private let input: InferenceEngine.Input
  private let layers: [Int]
  private let rows: [Range<Int>]
  private let channel: AnswerChannel<AttentionMass>

  init(
    _ input: InferenceEngine.Input, layers: [Int], rows: [Range<Int>], stateBytes: Int,
    into channel: AnswerChannel<AttentionMass>
  ) {
    self.input = input
    self.layers = layers
    self.rows = rows
    self.stateBytes = stateBytes
    self.channel = channel
  }

  var isGone: Bool { channel.isGone }

  func begin(room: Int, on engine: InferenceEngine) throws(EngineError) -> InferenceEngine.PassInProgress {
    try engine.beginMeasuring(input, layers: layers, rows: rows)
  }

  func take(_ pass: InferenceEngine.PassInProgress, on engine: InferenceEngine) -> Bool {
    if let mass = pass.mass { channel.send(CollectionOfOne(mass)) }
    channel.finish()
    return true
  }

  func fail(_ error: PromptCacheError) { channel.finish(.failure(error)) }
}
