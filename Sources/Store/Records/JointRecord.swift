public import ContentHash

/// What a joint encoding is: one of a prompt's chain, kept beside the versions of its schema, or of a conversation's, which
/// has none.
///
/// It lies in the record of the encoding's last use, and goes with the encoding.
///
///     8   number of encodings in front of it
///     8   position of its first token
///     8   tokens
///     32  digest of the encoding right in front of it; zeros if it is the first
///     4 + name of the schema, empty for a conversation
///     4 + label
public struct JointRecord: Hashable, Sendable {
  /// Number of encodings in front of it in the chain.
  public let depth: Int
  /// Position of its first token.
  public let position: Int
  /// Number of its tokens.
  public let tokens: Int
  /// The encoding right in front of it.
  public let previous: SHA256Digest?
  /// Name of the schema whose prompts use it; `conversation` for a conversation without one.
  public let schema: String
  /// What a person calls it: a module, an argument, new text.
  public let label: String

  /// What stands for a schema's name where there is none: no schema is called so.
  public static let conversation = ""

  /// Whether it belongs to a conversation, and to no schema.
  public var isOfConversation: Bool { schema == Self.conversation }

  /// A record. A label that is too long is cut.
  ///
  /// - Throws: `StoreError.nameTooLong` for a schema's name that is.
  public init(
    depth: Int, position: Int, tokens: Int, previous: SHA256Digest?, schema: String, label: String
  ) throws(StoreError) {
    try StoredName.check(schema)
    self.depth = depth
    self.position = position
    self.tokens = tokens
    self.previous = previous
    self.schema = schema
    self.label = StoredName.clipped(label)
  }

  /// The record that `reader` is at, and that ends with it; `nil` if it is none.
  init?(_ reader: inout RecordReader) {
    guard let depth = reader.number(), let position = reader.number(), let tokens = reader.number(),
      let previous = reader.digest(), let schema = reader.text(), let label = reader.text(), reader.isAtEnd
    else { return nil }
    self.depth = depth
    self.position = position
    self.tokens = tokens
    self.previous = depth == 0 ? nil : previous
    self.schema = schema
    self.label = label
  }

  func append(to writer: inout RecordWriter) {
    writer.append(number: depth)
    writer.append(number: position)
    writer.append(number: tokens)
    if let previous {
      writer.append(previous)
    } else {
      for _ in 0..<SHA256Digest.byteCount { writer.append(UInt8(0)) }
    }
    writer.append(schema)
    writer.append(label)
  }
}

extension Snapshot {
  /// What an encoding is among joint ones; `nil` if it is none, or not there.
  public func joint(_ key: EncodingKey) throws(StoreError) -> JointRecord? {
    let bytes = BlobKeyBytes(BlobKey(key, layer: 0), in: store.namespace)
    return try read { (transaction, tables) throws(StoreError) in try transaction.use(of: bytes, tables)?.joint }
  }
}

extension WriteBatch {
  /// Records that an encoding, which is there, is a joint one, and in use now.
  ///
  /// - Returns: whether it is there.
  @discardableResult
  public func setJoint(_ key: EncodingKey, _ joint: JointRecord) throws(StoreError) -> Bool {
    let bytes = BlobKeyBytes(BlobKey(key, layer: 0), in: store.namespace)
    guard try transaction.contains(bytes, tables) else { return false }
    let record = Use.record(secondsSince1970(), joint: joint, key: bytes.encodingSpan)
    try unsafe transaction.put(record.span.bytes, at: bytes.encodingSpan, in: tables.uses)
    return true
  }
}
