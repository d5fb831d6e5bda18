public import ContentHash
public import KVCacheFormat

/// One version, as a list shows it.
public struct VersionSummary: Hashable, Codable, Sendable {
  /// Fingerprint of the model.
  public let model: SHA256Digest
  /// What the model was called when one of its versions was recorded here; `nil` where they all came by import.
  public let modelName: String?
  /// Name of the schema.
  public let schema: String
  /// 1 for the first of this model and schema, then 2, 3 …
  public let number: Int
  /// Hash of the lowered schema.
  public let schemaHash: SHA256Digest
  /// Format of the numbers in its blobs.
  public let element: KVElement
  /// When it was recorded: seconds since 1970, UTC.
  public let time: Int
  /// When one of its encodings was last used, or it was recorded, if that is later: seconds since 1970, UTC, to the hour.
  public let lastUse: Int
  /// Number of encodings that it needs.
  public let encodings: Int
  /// How many of these are not in the store any more.
  public let missing: Int
  /// Bytes of its blobs' pages.
  public let byteCount: Int
  /// How many of these belong to no other version.
  public let ownByteCount: Int
  /// Combinations of modules and arguments that joint encodings are there for, in its schema and format: said of the newest
  /// version alone, 0 of others.
  public let jointCombinations: Int
  /// Whether it is pinned.
  public let isPinned: Bool
  /// Whether a process says that it uses it.
  public let isInUse: Bool
}

extension StateStore {
  /// The versions of this namespace, by model, schema and number.
  public func list() throws(StoreError) -> [VersionSummary] {
    let snapshot = try snapshot()
    let inventory = try snapshot.inventory()
    let names = try snapshot.modelNames(of: Set(inventory.versions.map(\.model)))
    var newest: [JointCombination.Owner: Int] = [:]
    for version in inventory.versions {
      let owner = JointCombination.Owner(version)
      newest[owner] = max(newest[owner] ?? 0, version.number)
    }
    let combinations = Dictionary(grouping: jointCombinations(in: inventory), by: \.owner)
    var needs: [EncodingKey: Int] = [:]
    let keySets = inventory.versions.map { Set($0.encodingKeys) }
    for keys in keySets {
      for key in keys { needs[key, default: 0] += 1 }
    }
    return zip(inventory.versions, keySets).map { version, keys in
      let holdings = keys.compactMap { key in inventory.holdings[key].flatMap { $0.isArriving ? nil : (key, $0) } }
      let owner = JointCombination.Owner(version)
      return VersionSummary(
        model: version.model, modelName: names[version.model], schema: version.schema, number: version.number,
        schemaHash: version.schemaHash, element: version.element, time: version.time,
        // Encodings may be older than a version that has them.
        lastUse: max(version.time, holdings.map(\.1.lastUse).max() ?? 0),
        encodings: keys.count, missing: keys.count - holdings.count,
        byteCount: holdings.reduce(0) { $0 + $1.1.byteCount },
        ownByteCount: holdings.reduce(0) { $0 + (needs[$1.0] == 1 ? $1.1.byteCount : 0) },
        jointCombinations: newest[owner] == version.number ? combinations[owner]?.count ?? 0 : 0,
        isPinned: inventory.pinned.contains(version.name), isInUse: isLeased(version.name))
    }.sorted { ($0.model, $0.schema, $0.number) < ($1.model, $1.schema, $1.number) }
  }
}
