public import ContentHash
public import KVCacheFormat

/// The joint encodings of one chain: what prompts had in front of their last new text.
public struct JointCombination: Hashable, Codable, Sendable {
  /// Fingerprint of the model.
  public let model: SHA256Digest
  /// What people call the model, as far as the store knows.
  public let modelName: String?
  /// Name of the schema whose prompts use it; empty for a conversation without one.
  public let schema: String
  /// Format of the numbers.
  public let element: KVElement
  /// The last of its encodings, which no other combination of this model and format ends with.
  public let encoding: SHA256Digest
  /// What its encodings are called, from the front on.
  public let parts: [String]
  /// Tokens of each of these.
  public let partTokens: [Int]
  /// Tokens of all of them.
  public let tokens: Int
  /// Bytes of their blobs' pages.
  public let byteCount: Int
  /// How many of these belong to no other combination, and to no version.
  public let ownByteCount: Int
  /// When it was last used: seconds since 1970, UTC, to the hour.
  public let lastUse: Int
  /// Whether it begins at the front of a prompt. What is left of another one is of no use, until it is made again.
  public let isWhole: Bool
  /// Whether an answer in any process uses it.
  public let isInUse: Bool
}

extension StateStore {
  /// The chains of joint encodings of this namespace, by model, schema, format and parts. One that is the beginning of
  /// another is not listed apart.
  public func jointCombinations() throws(StoreError) -> [JointCombination] {
    let snapshot = try snapshot()
    let inventory = try snapshot.inventory()
    return jointCombinations(
      in: inventory, modelNames: try snapshot.modelNames(of: Set(inventory.holdings.keys.map(\.model))))
  }

  func jointCombinations(in inventory: Inventory, modelNames: [SHA256Digest: String] = [:]) -> [JointCombination] {
    let described = inventory.holdings.filter { $0.value.joint != nil && !$0.value.isArriving }
    let beginnings = Set(
      described.compactMap { key, holding in
        holding.joint?.previous.map { EncodingKey(model: key.model, element: key.element, encoding: $0) }
      })
    let needed = Set(inventory.versions.flatMap(\.encodingKeys))
    let chains = described.keys.filter { !beginnings.contains($0) }
      .map { (last: $0, keys: inventory.chain(endingWith: $0)) }
      // What versions need as well, and nothing is behind, is no combination.
      .filter { !needed.contains($0.last) }
    var uses: [EncodingKey: Int] = [:]
    for chain in chains {
      for key in chain.keys { uses[key, default: 0] += 1 }
    }
    return chains.compactMap { last, keys in
      guard let joint = described[last]?.joint else { return nil }
      let holdings = keys.reversed().compactMap { key in described[key].map { (key, $0) } }
      return JointCombination(
        model: last.model, modelName: modelNames[last.model], schema: joint.schema, element: last.element,
        encoding: last.encoding, parts: holdings.compactMap { $0.1.joint?.label },
        partTokens: holdings.compactMap { $0.1.joint?.tokens },
        tokens: holdings.reduce(0) { $0 + ($1.1.joint?.tokens ?? 0) },
        byteCount: holdings.reduce(0) { $0 + $1.1.byteCount },
        ownByteCount: holdings.reduce(0) { $0 + (uses[$1.0] == 1 && !needed.contains($1.0) ? $1.1.byteCount : 0) },
        lastUse: described[last]?.lastUse ?? 0, isWhole: holdings.count == joint.depth + 1,
        isInUse: isLeased(joint: last))
    }.sorted { $0.order < $1.order }
  }
}

extension Snapshot {
  /// The joint encodings of the schemas of some versions, in their formats, that no version of these has as its own.
  package func jointKeys(besides versions: [VersionRecord]) throws(StoreError) -> Set<EncodingKey> {
    let owners = Set(versions.map { JointCombination.Owner($0) })
    let inventory = try inventory()
    let named = Set(
      inventory.versions.lazy.filter { owners.contains(JointCombination.Owner($0)) }.flatMap(\.encodingKeys))
    let found = inventory.holdings.filter { key, holding in
      guard let joint = holding.joint, !holding.isArriving, !named.contains(key) else { return false }
      return owners.contains(JointCombination.Owner(model: key.model, schema: joint.schema, element: key.element))
    }
    return Set(found.keys)
  }
}

extension JointCombination {
  /// A schema of a model, in one format.
  struct Owner: Hashable {
    let model: SHA256Digest
    let schema: String
    let element: KVElement

    init(model: SHA256Digest, schema: String, element: KVElement) {
      (self.model, self.schema, self.element) = (model, schema, element)
    }

    init(_ version: VersionRecord) {
      (model, schema, element) = (version.model, version.schema, version.element)
    }

    fileprivate init(_ combination: JointCombination) {
      (model, schema, element) = (combination.model, combination.schema, combination.element)
    }
  }

  /// The schema whose prompts use it.
  var owner: Owner { Owner(self) }

  fileprivate var order: (SHA256Digest, String, UInt8, String, SHA256Digest) {
    (model, schema, element.code, parts.joined(separator: "\n"), encoding)
  }
}
