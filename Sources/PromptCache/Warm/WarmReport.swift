public import ContentHash

/// What warming a schema did.
public struct WarmReport: Encodable, Sendable {
  /// How many encodings, each one segment in one context.
  public struct Encodings: Encodable, Sendable {
    /// Those that were in the store.
    public let reused: Int
    /// Those that were computed (in a dry run: would be).
    public let computed: Int
    /// Those that came from a remote store (in a dry run: would come); `nil` where there is none.
    public let fetched: Int?
  }

  /// Name of the schema.
  public let schema: String
  /// The version that the store now has for it; `nil` in a forecast.
  public internal(set) var version: Int?
  /// SHA-256 of the lowered schema.
  public let hash: SHA256Digest
  /// How many encodings.
  public let encodings: Encodings
  /// Tokens of the encodings computed.
  public let tokensComputed: Int
  /// Bytes of their states.
  public let bytesWritten: Int
  /// Bytes that came from a remote store; `nil` where there is none.
  public let bytesFetched: Int?
  /// Time taken.
  public internal(set) var seconds: Double
  /// What making joint encodings of prompts did, where some were asked for.
  public var joint: JointReport?
  /// What became of the remote store's part, where there is one.
  public internal(set) var remote: RemoteReport?

  private enum CodingKeys: String, CodingKey {
    case schema, version, hash, encodings, seconds, joint, remote
    case tokensComputed = "tokens_computed"
    case bytesWritten = "bytes_written"
    case bytesFetched = "bytes_fetched"
  }

  /// Writes all keys, `version` as null where there is none, `bytes_fetched`, `joint` and `remote` only if there is one.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(version, forKey: .version)
    try container.encode(hash, forKey: .hash)
    try container.encode(encodings, forKey: .encodings)
    try container.encode(tokensComputed, forKey: .tokensComputed)
    try container.encode(bytesWritten, forKey: .bytesWritten)
    try container.encodeIfPresent(bytesFetched, forKey: .bytesFetched)
    try container.encode(seconds, forKey: .seconds)
    try container.encodeIfPresent(joint, forKey: .joint)
    try container.encodeIfPresent(remote, forKey: .remote)
  }
}

/// What warming a schema did with a remote store.
public struct RemoteReport: Encodable, Sendable {
  /// Number of the version there; `nil` if it could not be published.
  public let version: Int?
  /// Bytes of states that were put.
  public let bytesPut: Int

  private enum CodingKeys: String, CodingKey {
    case version
    case bytesPut = "bytes_put"
  }

  /// Writes all keys, `version` as null where there is none.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(version, forKey: .version)
    try container.encode(bytesPut, forKey: .bytesPut)
  }
}

extension WarmReport {
  init(_ schema: PlannedSchema, _ counts: StateCounts, version: Int?, seconds: Double) {
    self.init(
      schema: schema.name, version: version, hash: schema.hash,
      encodings: Encodings(reused: counts.reused, computed: counts.computed, fetched: counts.fetched),
      tokensComputed: counts.tokens,
      bytesWritten: counts.bytes, bytesFetched: counts.fetched.map { _ in counts.fetchedBytes }, seconds: seconds)
  }
}

/// How many encodings were there, and how many were computed or are to be.
struct StateCounts {
  var reused = 0
  var computed = 0
  /// Tokens of those computed.
  var tokens = 0
  /// Bytes of their states.
  var bytes = 0
  /// How many came from a remote store; `nil` where there is none.
  var fetched: Int?
  /// Bytes of these.
  var fetchedBytes = 0

  init() {}

  init(_ ensured: EnsuredStates) {
    (reused, fetched, fetchedBytes) = (ensured.reused, ensured.fetched, ensured.fetchedByteCount)
    (computed, tokens, bytes) = (ensured.computed.encodings, ensured.computed.tokens, ensured.computed.byteCount)
  }

  init(_ missing: MissingStates) {
    (reused, computed, tokens, bytes) = (missing.reused, missing.computed, missing.tokens, missing.bytes)
  }

  /// Takes some of what is to be computed for what is to be fetched.
  ///
  /// - Parameters:
  ///   - sizes: bytes of each encoding that is there.
  ///   - rest: what is left to be computed then.
  mutating func fetch(all sizes: [SHA256Digest: Int], leaving rest: StateCounts) {
    fetched = computed - rest.computed
    fetchedBytes = sizes.values.reduce(0, +)
    (computed, tokens, bytes) = (rest.computed, rest.tokens, rest.bytes)
  }

  /// The same without what was there.
  var withoutReused: StateCounts {
    var counts = self
    counts.reused = 0
    return counts
  }

  mutating func add(_ other: StateCounts) {
    reused += other.reused
    computed += other.computed
    tokens += other.tokens
    bytes += other.bytes
    if let more = other.fetched { fetched = (fetched ?? 0) + more }
    fetchedBytes += other.fetchedBytes
  }
}

/// How far computing states has come.
public struct WarmProgress: Sendable {
  /// Tokens whose states are computed.
  public let tokensDone: Int
  /// Tokens whose states were missing at the start.
  public let tokensTotal: Int
  /// Encodings that are computed.
  public let encodingsDone: Int
  /// Encodings that were missing at the start.
  public let encodingsTotal: Int
  /// Seconds since the start.
  public internal(set) var seconds: Double

  /// Speed so far.
  public var tokensPerSecond: Double { seconds > 0 ? Double(tokensDone) / seconds : 0 }
  /// Time left at this speed.
  public var secondsLeft: Double {
    tokensPerSecond > 0 ? Double(tokensTotal - tokensDone) / tokensPerSecond : .infinity
  }
}

extension Duration {
  /// The same in seconds.
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
