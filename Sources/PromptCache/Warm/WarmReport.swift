public import ContentHash

/// What warming a schema did.
public struct WarmReport: Encodable, Sendable {
  /// How many encodings, each one segment in one context.
  public struct Encodings: Encodable, Sendable {
    /// Those that were in the store.
    public let reused: Int
    /// Those that were computed (in a dry run: would be).
    public let computed: Int
  }

  /// Name of the schema.
  public let schema: String
  /// The version that the store now has for it; `nil` in a forecast.
  public let version: Int?
  /// SHA-256 of the lowered schema.
  public let hash: SHA256Digest
  /// How many encodings.
  public let encodings: Encodings
  /// Tokens of the encodings computed.
  public let tokensComputed: Int
  /// Bytes of their states.
  public let bytesWritten: Int
  /// Time taken.
  public let seconds: Double
  /// What making joint encodings of prompts did, where some were asked for.
  public var joint: JointReport?

  private enum CodingKeys: String, CodingKey {
    case schema, version, hash, encodings, seconds, joint
    case tokensComputed = "tokens_computed"
    case bytesWritten = "bytes_written"
  }

  /// Writes all keys, `version` as null where there is none, `joint` only if there is one.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(version, forKey: .version)
    try container.encode(hash, forKey: .hash)
    try container.encode(encodings, forKey: .encodings)
    try container.encode(tokensComputed, forKey: .tokensComputed)
    try container.encode(bytesWritten, forKey: .bytesWritten)
    try container.encode(seconds, forKey: .seconds)
    try container.encodeIfPresent(joint, forKey: .joint)
  }
}

extension WarmReport {
  init(_ schema: PlannedSchema, _ missing: MissingStates, version: Int?, seconds: Double) {
    self.init(
      schema: schema.name, version: version, hash: schema.hash,
      encodings: Encodings(reused: missing.reused, computed: missing.computed), tokensComputed: missing.tokens,
      bytesWritten: missing.bytes, seconds: seconds)
  }
}

/// How far computing states has come.
public struct WarmProgress: Sendable {
  /// Tokens whose states are computed.
  public let tokensDone: Int
  /// Tokens whose states were missing at the start.
  public let tokensTotal: Int
  /// Seconds since the start.
  public let seconds: Double

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
