internal import KVCacheFormat

/// What garbage collection leaves.
public struct GarbagePolicy: Hashable, Codable, Sendable {
  /// Newest versions of each schema and model that are kept; `nil` keeps all.
  public var keep: Int?
  /// Bytes that the blobs may take: beyond it the least recently used encodings go, those of pinned versions and of
  /// versions in use never. `nil` sets no limit.
  public var maximumBytes: Int?

  /// A policy. Without arguments only encodings go that no version needs.
  public init(keep: Int? = nil, maximumBytes: Int? = nil) {
    self.keep = keep
    self.maximumBytes = maximumBytes
  }
}

/// What garbage collection freed, or would free.
public struct GarbageReport: Hashable, Codable, Sendable {
  /// Versions removed.
  public let versions: [VersionName]
  /// Encodings removed.
  public let encodings: Int
  /// Bytes of their blobs' pages: free to be used again; the file keeps its length until it is compacted.
  public let byteCount: Int
  /// Bytes of the blobs' pages that stay.
  public let byteCountLeft: Int
  /// Encodings that no version needs and that stay because someone is warming.
  public let postponed: Int
  /// Versions past `keep` that stay because they are pinned or in use.
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

  /// - Parameters:
  ///   - isInUse: whether a process says that it uses the version.
  ///   - keepsNeedless: whether encodings stay that no version needs, as long as the policy's limit allows.
  ///   - kept: encodings that the policy's limit does not free.
  ///   - claim: called before an unused version is removed; the version stays if this returns `false`.
  init(
    _ inventory: Inventory, _ policy: GarbagePolicy, keepsNeedless: Bool, kept: Set<EncodingKey> = [],
    isInUse: (VersionName) -> Bool, claim: (VersionName) -> Bool = { _ in true }
  ) {
    var groups: [VersionName: [VersionRecord]] = [:]
    for version in inventory.versions {
      groups[VersionName(model: version.model, schema: version.schema, number: 0), default: []].append(version)
    }
    var removed: [VersionName] = []
    var spared: [VersionName] = []
    var needed: Set<EncodingKey> = []
    var protected = kept
    for group in groups.values {
      let newestFirst = group.sorted { $0.number > $1.number }
      for (age, version) in newestFirst.enumerated() {
        let isOld = policy.keep.map { age >= $0 } ?? false
        let isProtected =
          inventory.pinned.contains(version.name) || isInUse(version.name) || isOld && !claim(version.name)
        if isProtected { protected.formUnion(version.encodingKeys) }
        if isOld && !isProtected {
          removed.append(version.name)
        } else {
          if isOld { spared.append(version.name) }
          needed.formUnion(version.encodingKeys)
        }
      }
    }
    let needless = inventory.holdings.filter { $0.value.isArriving || !needed.contains($0.key) }
    var goes = keepsNeedless ? [:] : needless
    var byteCount = goes.values.reduce(0) { $0 + $1.byteCount }
    let total = inventory.byteCount
    if let limit = policy.maximumBytes, total - byteCount > limit {
      let rest = inventory.holdings.filter { goes[$0.key] == nil && !protected.contains($0.key) }
      // Of those used at the same time the larger ones go first, so that fewer have to be computed again.
      let order = rest.sorted {
        ($0.value.lastUse, $1.value.byteCount, $0.key.encoding) < (
          $1.value.lastUse, $0.value.byteCount, $1.key.encoding
        )
      }
      for (key, holding) in order {
        if total - byteCount <= limit { break }
        goes[key] = holding
        byteCount += holding.byteCount
      }
    }
    versions = removed.sorted()
    encodings = goes.map { ($0.key, $0.value.byteCount) }.sorted {
      ($0.key.model, $0.key.element.code, $0.key.encoding) < ($1.key.model, $1.key.element.code, $1.key.encoding)
    }
    report = GarbageReport(
      versions: versions, encodings: goes.count, byteCount: byteCount, byteCountLeft: total - byteCount,
      postponed: keepsNeedless ? needless.keys.count { goes[$0] == nil } : 0, spared: spared.sorted())
  }
}

extension VersionName: Comparable {
  /// Orders by model, schema, number.
  public static func < (left: Self, right: Self) -> Bool {
    (left.model, left.schema, left.number) < (right.model, right.schema, right.number)
  }
}
