/// What a benchmark measured of one prompt. Times are medians.
public struct BenchmarkReport: Encodable, Sendable {
  /// Threads that computed.
  public let threads: Int
  /// KV format of the states.
  public let kv: String
  /// Tokens whose states were read from the store.
  public let cachedTokens: Int
  /// Tokens that were computed for the cached answer.
  public let computedTokens: Int
  /// From the prompt's text to the first token, with the states of the store; milliseconds.
  public let cachedTTFT: Double
  /// The same with everything computed, at positions 0, 1, 2 …; milliseconds.
  public let fullTTFT: Double
  /// How many times sooner the cached first token comes.
  public var speedup: Double { fullTTFT / cachedTTFT }
  /// Speed of the tokens after the first, behind all of the prompt.
  public let decodeTokensPerSecond: Double
  /// The schema's states, when they were computed and written.
  public let warmTokensPerSecond: Double
  /// Reads of the states.
  public let store: StoreReads

  /// How fast the store lends states.
  public struct StoreReads: Encodable, Sendable {
    /// Bytes of the states that the prompt uses.
    public let bytes: Int
    /// Finding them for the first time in a process, which computes their checksums; milliseconds.
    public let firstLookup: Double
    /// Finding them again; milliseconds.
    public let lookup: Double

    private enum CodingKeys: String, CodingKey {
      case bytes
      case firstLookup = "first_lookup_ms"
      case lookup = "lookup_ms"
    }
  }

  private enum CodingKeys: String, CodingKey {
    case threads, kv
    case cachedTokens = "cached_tokens"
    case computedTokens = "computed_tokens"
    case cachedTTFT = "cached_ttft_ms"
    case fullTTFT = "full_ttft_ms"
    case speedup
    case decodeTokensPerSecond = "decode_tokens_per_second"
    case warmTokensPerSecond = "warm_tokens_per_second"
    case store
  }

  /// All fields, and the speedup, which scripts read too.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(threads, forKey: .threads)
    try container.encode(kv, forKey: .kv)
    try container.encode(cachedTokens, forKey: .cachedTokens)
    try container.encode(computedTokens, forKey: .computedTokens)
    try container.encode(cachedTTFT, forKey: .cachedTTFT)
    try container.encode(fullTTFT, forKey: .fullTTFT)
    try container.encode(speedup, forKey: .speedup)
    try container.encode(decodeTokensPerSecond, forKey: .decodeTokensPerSecond)
    try container.encode(warmTokensPerSecond, forKey: .warmTokensPerSecond)
    try container.encode(store, forKey: .store)
  }
}
