/// What making the joint encodings of prompts did.
public struct JointReport: Encodable, Sendable {
  /// Combinations of modules, arguments and new text that are there now: chains that no other one goes on from.
  public let combinations: Int
  /// Encodings that were in the store, those of the schema's versions among them.
  public let reused: Int
  /// Those that were computed (in a forecast: would be).
  public let computed: Int
  /// Tokens of the encodings computed.
  public let tokensComputed: Int
  /// Bytes of their states.
  public let bytesWritten: Int
  /// Time taken.
  public let seconds: Double

  private enum CodingKeys: String, CodingKey {
    case combinations, reused, computed, seconds
    case tokensComputed = "tokens_computed"
    case bytesWritten = "bytes_written"
  }

  init(combinations: Int, _ missing: MissingStates, seconds: Double) {
    self.combinations = combinations
    self.seconds = seconds
    reused = missing.reused
    computed = missing.computed
    tokensComputed = missing.tokens
    bytesWritten = missing.bytes
  }
}
