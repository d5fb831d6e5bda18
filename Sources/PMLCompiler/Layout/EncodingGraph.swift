public import ContentHash

/// Encodings, by index, each of which may see others: those of a schema, or the joint ones of prompts.
public protocol EncodingGraph: Sendable {
  /// Whether a model with LongRoPE turns all keys by its long factors (`ContextLimits`).
  var isExtended: Bool { get }
  /// Identity of an encoding's states.
  func digest(of index: Int) -> SHA256Digest
  /// Position of its first token while it is encoded.
  func start(of index: Int) -> Int
  /// The tokens to encode.
  func tokens(of index: Int) -> [TokenID]
  /// Their number.
  func tokenCount(of index: Int) -> Int
  /// What it sees beside itself, by place.
  func context(of index: Int) -> [ContextEntry]
  /// Whether its states are kept.
  func isStored(_ index: Int) -> Bool
}

extension EncodingPlan: EncodingGraph {
  /// As its layout says.
  public var isExtended: Bool { layout.isExtended }
  /// Identity of an encoding's states.
  public func digest(of index: Int) -> SHA256Digest { encodings[index].digest }
  /// Position of its first token while it is encoded.
  public func start(of index: Int) -> Int { encodings[index].start }
  /// The tokens to encode.
  public func tokens(of index: Int) -> [TokenID] { tokens(of: encodings[index]) }
  /// Their number.
  public func tokenCount(of index: Int) -> Int { tokenCount(of: encodings[index]) }
  /// What it sees beside itself, by place.
  public func context(of index: Int) -> [ContextEntry] { context(of: encodings[index]) }
  /// Whether its states are kept: a placeholder's and the rest token's are not.
  public func isStored(_ index: Int) -> Bool { encodings[index].isStored }
}
