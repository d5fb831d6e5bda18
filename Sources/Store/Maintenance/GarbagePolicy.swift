internal import ContentHash
internal import KVCacheFormat

/// What garbage collection leaves.
public struct GarbagePolicy: Hashable, Codable, Sendable {
  /// Newest versions of each model, schema and KV format that are kept; `nil` keeps all.
  public var keep: Int?
  /// Versions that go in any case, unless they are pinned or in use.
  public var removed: Set<VersionName>
  /// Bytes that the blobs may take: beyond it the least recently used encodings go, joint ones first, those of pinned
  /// versions and of what is in use never. `nil` sets no limit.
  public var maximumBytes: Int?

  /// A policy. Without arguments only encodings go that no version needs, and that are no joint ones of a conversation, or of
  /// a schema that has a version.
  public init(keep: Int? = nil, maximumBytes: Int? = nil, removing removed: Set<VersionName> = []) {
    self.keep = keep
    self.removed = removed
    self.maximumBytes = maximumBytes
  }
}

/// What garbage collection freed, or would free.
public struct GarbageReport: Hashable, Codable, Sendable {
  /// Versions removed.
  public let versions: [VersionName]
  /// Encodings removed.
  public let encodings: Int
  /// How many of these were joint ones of conversations, and of schemas that have a version.
  public let joint: Int
  /// Bytes of their blobs' pages: free to be used again; the file keeps its length until it is compacted.
  public let byteCount: Int
  /// Bytes of the blobs' pages that stay.
  public let byteCountLeft: Int
  /// Encodings that no version needs and that stay because someone is warming.
  public let postponed: Int
  /// Versions that would have gone, but stay because they are pinned or in use.
  public let spared: [VersionName]
  /// Prepared files removed, whose model has no version any more.
  public internal(set) var preparedFiles = 0
  /// Bytes of those.
  public internal(set) var preparedByteCount = 0
}

/// What is to go, decided on an inventory.
struct GarbagePlan {
  let versions: [VersionName]
  /// In the order of their keys, so that neighbours in the index go together.
  let encodings: [(key: EncodingKey, byteCount: Int)]
  let report: GarbageReport

  private typealias Holding = (key: EncodingKey, holding: Inventory.Holding)

  /// - Parameters:
  ///   - isInUse: whether a process says that it uses the version.
  ///   - keepsNeedless: whether encodings stay that no version needs, as long as the policy's limit allows.
  ///   - kept: encodings that the policy's limit does not free.
  ///   - claim: called before an unused version is removed; the version stays if this returns `false`.
  ///   - claimJoint: called before a joint encoding is removed; it and those in front of it stay if this returns `false`.
  init(
    _ inventory: Inventory, _ policy: GarbagePolicy, keepsNeedless: Bool, kept: Set<EncodingKey> = [],
    isInUse: (VersionName) -> Bool, claim: (VersionName) -> Bool = { _ in true },
    claimJoint: (EncodingKey) -> Bool
  ) {
    let fate = VersionFates(inventory, policy, isInUse: isInUse, claim: claim)
    var protected = fate.protected.union(kept)
    var goes: [EncodingKey: Inventory.Holding] = [:]
    var byteCount = 0
    /// Lets an encoding go, unless it stays with a chain that is in use.
    func free(_ candidate: Holding) {
      guard !protected.contains(candidate.key) else { return }
      if candidate.holding.joint != nil, !claimJoint(candidate.key) {
        protected.formUnion(inventory.chain(endingWith: candidate.key))
        return
      }
      goes[candidate.key] = candidate.holding
      byteCount += candidate.holding.byteCount
    }

    let (needless, joint) = fate.unneeded(in: inventory)
    if !keepsNeedless {
      // What is behind goes first: by then it is known whether its chain is in use.
      for candidate in needless.sorted(by: Self.goesSooner) { free(candidate) }
    }
    let total = inventory.byteCount
    if let limit = policy.maximumBytes {
      let rest = inventory.holdings.map { ($0.key, $0.value) }.filter { goes[$0.0] == nil && joint[$0.0] == nil }
      for candidate in joint.map({ ($0.key, $0.value) }).sorted(by: Self.goesSooner)
        + rest.sorted(by: Self.goesSooner)
      {
        if total - byteCount <= limit { break }
        free(candidate)
      }
    }
    versions = fate.removed.sorted()
    encodings = goes.map { ($0.key, $0.value.byteCount) }.sorted {
      ($0.key.model, $0.key.element.code, $0.key.encoding) < ($1.key.model, $1.key.element.code, $1.key.encoding)
    }
    report = GarbageReport(
      versions: versions, encodings: goes.count, joint: goes.keys.count { joint[$0] != nil }, byteCount: byteCount,
      byteCountLeft: total - byteCount,
      postponed: needless.count { goes[$0.key] == nil }, spared: fate.spared.sorted())
  }

  /// The least recently used first. Of those used at the same time, in a chain the ones behind, which are of no use without
  /// those in front; then the larger ones, so that fewer have to be computed again.
  private static func goesSooner(_ left: Holding, _ right: Holding) -> Bool {
    let depths = (left.holding.joint?.depth ?? 0, right.holding.joint?.depth ?? 0)
    return (left.holding.lastUse, depths.1, right.holding.byteCount, left.key.encoding) < (
      right.holding.lastUse, depths.0, left.holding.byteCount, right.key.encoding
    )
  }
}

/// Which versions go, and which encodings the others need.
private struct VersionFates {
  private(set) var removed: [VersionName] = []
  /// Those that would have gone, and stay.
  private(set) var spared: [VersionName] = []
  private(set) var needed: Set<EncodingKey> = []
  /// Encodings of versions that are pinned or in use.
  private(set) var protected: Set<EncodingKey> = []
  /// Schemas that a version stays of, in each format.
  private var schemas: Set<Schema> = []

  private struct Schema: Hashable {
    let model: SHA256Digest
    let element: KVElement
    let name: String

    init(model: SHA256Digest, element: KVElement, name: String) {
      self.model = model
      self.element = element
      self.name = name
    }

    init(_ version: VersionRecord) {
      self.init(model: version.model, element: version.element, name: version.schema)
    }
  }

  init(
    _ inventory: Inventory, _ policy: GarbagePolicy, isInUse: (VersionName) -> Bool, claim: (VersionName) -> Bool
  ) {
    var groups: [Schema: [VersionRecord]] = [:]
    for version in inventory.versions { groups[Schema(version), default: []].append(version) }
    for group in groups.values {
      let newestFirst = group.sorted { $0.number > $1.number }
      for (age, version) in newestFirst.enumerated() {
        let isOld = policy.removed.contains(version.name) || policy.keep.map { age >= $0 } ?? false
        let isProtected =
          inventory.pinned.contains(version.name) || isInUse(version.name) || isOld && !claim(version.name)
        if isProtected { protected.formUnion(version.encodingKeys) }
        if isOld && !isProtected {
          removed.append(version.name)
        } else {
          if isOld { spared.append(version.name) }
          needed.formUnion(version.encodingKeys)
          schemas.insert(Schema(version))
        }
      }
    }
  }

  /// The encodings that no version needs: those of no use to anybody, and joint ones, which answers of a schema use that has
  /// a version.
  func unneeded(
    in inventory: Inventory
  ) -> (needless: [(key: EncodingKey, holding: Inventory.Holding)], joint: [EncodingKey: Inventory.Holding]) {
    var needless: [(key: EncodingKey, holding: Inventory.Holding)] = []
    var joint: [EncodingKey: Inventory.Holding] = [:]
    for (key, holding) in inventory.holdings where holding.isArriving || !needed.contains(key) {
      if let record = holding.joint, !holding.isArriving,
        record.isOfConversation
          || schemas.contains(Schema(model: key.model, element: key.element, name: record.schema))
      {
        joint[key] = holding
      } else {
        needless.append((key, holding))
      }
    }
    return (needless, joint)
  }
}

extension VersionName: Comparable {
  /// Orders by model, schema, number.
  public static func < (left: Self, right: Self) -> Bool {
    (left.model, left.schema, left.number) < (right.model, right.schema, right.number)
  }
}
