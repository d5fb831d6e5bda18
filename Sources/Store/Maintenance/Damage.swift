public import ContentHash
public import Failure
public import KVCacheFormat

/// Something in the store that is not as it was written.
public struct Damage: Hashable, Codable, Sendable {
  /// A blob of states, the record of something else, or a page of the index.
  public enum Kind: String, Codable, Sendable {
    case blob, record, index
  }

  /// A version that needs a damaged blob.
  public struct Need: Hashable, Codable, Sendable {
    /// Name of the schema.
    public let schema: String
    /// Number of the version.
    public let version: Int
    /// What the encoding is called in it.
    public let label: String?
  }

  /// A prompt's chain that a damaged blob is of.
  public struct Joint: Hashable, Codable, Sendable {
    /// Name of the schema.
    public let schema: String
    /// What the encoding is called in the chain.
    public let label: String
    /// Position of its first token.
    public let position: Int
  }

  /// What is damaged.
  public let kind: Kind
  /// What is wrong: one lower-case clause.
  public let problem: String
  /// The tenant, where that can be told.
  public let namespace: String?
  /// The model whose states it holds.
  public let model: SHA256Digest?
  /// The format of its numbers.
  public let element: KVElement?
  /// The encoding that it belongs to.
  public let encoding: SHA256Digest?
  /// The decoder layer, from 0.
  public let layer: Int?
  /// The table, for a record.
  public let table: String?
  /// The number of the page, for one of the index.
  public let page: Int?
  /// The versions that need it, newest first.
  public internal(set) var neededBy: [Need] = []
  /// What it is among joint encodings, if it is one.
  public internal(set) var joint: Joint?
}

extension Damage {
  init(blob key: BlobKey, namespace: String?, problem: String) {
    self.init(
      kind: .blob, problem: problem, namespace: namespace, model: key.model, element: key.element,
      encoding: key.encoding, layer: key.layer, table: nil, page: nil)
  }

  init(record table: String, namespace: String?, problem: String) {
    self.init(
      kind: .record, problem: problem, namespace: namespace, model: nil, element: nil, encoding: nil, layer: nil,
      table: table, page: nil)
  }

  init(page: Int, problem: String) {
    self.init(
      kind: .index, problem: problem, namespace: nil, model: nil, element: nil, encoding: nil, layer: nil, table: nil,
      page: page)
  }

  /// The damage in one line: where, then what.
  public var message: String {
    switch kind {
    case .blob: "\(place), layer \(layer ?? 0): \(problem)"
    case .record: "table `\(table ?? "")`: \(problem)"
    case .index: "page \(page ?? 0) of the index: \(problem)"
    }
  }

  private var place: String {
    guard let need = neededBy.first else {
      guard let joint else { return "encoding \(encoding?.hexadecimal ?? ""), of no version" }
      let owner = joint.schema == JointRecord.conversation ? "conversation" : "schema \(joint.schema.quoted())"
      return "\(owner), joint encoding of \(joint.label.quoted()) at position \(joint.position)"
    }
    let label = need.label.map { ", \($0.quoted())" } ?? ""
    return "schema \(need.schema.quoted()), version \(need.version)\(label)"
  }

  /// What mends it.
  public var remedy: Remedy {
    switch kind {
    case .blob where !neededBy.isEmpty, .record: .replaceDamaged
    case .blob where joint?.schema == JointRecord.conversation: .keepConversationAnew
    case .blob where joint != nil: .makeJointAnew
    case .blob: .collectGarbage
    case .index: .salvageStore
    }
  }
}
