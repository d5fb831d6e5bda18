/// What making the joint encodings of prompts did.
public struct JointReport: Encodable, Sendable {
  /// Combinations of modules, arguments and new text that are there now: chains that no other one goes on from.
  public let combinations: Int
  /// Encodings that were in the store, those of the schema's versions among them.
  public let reused: Int
  /// Those that came from a remote store (in a forecast: would come); `nil` where there is none.
  public let fetched: Int?
  /// Those that were computed (in a forecast: would be).
  public let computed: Int
  /// Tokens of the encodings computed.
  public let tokensComputed: Int
  /// Bytes of their states.
  public let bytesWritten: Int
  /// Time taken.
  public let seconds: Double

  private enum CodingKeys: String, CodingKey {
    case combinations, reused, fetched, computed, seconds
    case tokensComputed = "tokens_computed"
    case bytesWritten = "bytes_written"
  }

  init(combinations: Int, _ counts: StateCounts, seconds: Double) {
    self.combinations = combinations
    self.seconds = seconds
    reused = counts.reused
    fetched = counts.fetched
    computed = counts.computed
    tokensComputed = counts.tokens
    bytesWritten = counts.bytes
  }
}
