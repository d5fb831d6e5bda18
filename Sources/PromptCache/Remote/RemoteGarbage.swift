internal import ContentHash
internal import ObjectStorage
public import Store
internal import Synchronization
internal import Threads

/// What a collection of a remote store's garbage freed, or would free.
public struct RemoteGarbageReport: Hashable, Codable, Sendable {
  /// Versions that went.
  public internal(set) var versions: [VersionName] = []
  /// Encodings that went, joint ones among them.
  public internal(set) var encodings = 0
  /// Bytes of their objects.
  public internal(set) var byteCount = 0
  /// How many of these were joint ones.
  public internal(set) var joint = 0
  /// Encodings that no version names and that are too young to go, but for joint ones.
  public internal(set) var young = 0
  /// Encodings that no version names and that stay because somebody is publishing.
  public internal(set) var spared = 0
  /// Encodings that are left, joint ones among them.
  public internal(set) var encodingsLeft = 0
  /// Bytes of these.
  public internal(set) var byteCountLeft = 0
}

extension RemoteStore {
  /// Steps of a collection, between which tests let something happen.
  package enum CollectionStep: Sendable {
    case marked, listed, removing
  }

  /// Removes versions that are not kept, and encodings that no version names.
  ///
  /// It is safe while others publish: what a version names that comes meanwhile stays. Encodings that are younger than
  /// `age` stay in any case. Joint encodings, which no version names, have an age of their own; whoever misses one makes it
  /// anew.
  ///
  /// - Parameters:
  ///   - namespace: whose part of it.
  ///   - keep: how many of the newest versions of each model, schema and KV format are kept; all if `nil`.
  ///   - age: seconds by the server's clock.
  ///   - jointAge: the same for joint encodings; they stay if `nil`.
  ///   - dryRun: only say what would go.
  /// - Throws: `PromptCacheError.collectionUnderWay`, `.objectStorage`; `.unreadablePublication` for a version of which
  ///   nobody can say what it names.
  public func collectGarbage(
    namespace: String, keep: Int? = nil, olderThan age: Int, jointOlderThan jointAge: Int? = nil, dryRun: Bool = false
  ) throws(PromptCacheError) -> RemoteGarbageReport {
    try collectGarbage(namespace: namespace, keep: keep, olderThan: age, jointOlderThan: jointAge, dryRun: dryRun) {
      _ in
    }
  }

  /// The same; `step` is called in between, and marks are the dead's after `lifetime` seconds.
  package func collectGarbage(
    namespace: String, keep: Int?, olderThan age: Int, jointOlderThan jointAge: Int? = nil, dryRun: Bool,
    marksLast lifetime: Int = PublishingMark.lifetime, _ step: (CollectionStep) -> Void
  ) throws(PromptCacheError) -> RemoteGarbageReport {
    let names = RemoteNames(namespace: namespace)
    let mark = dryRun ? nil : try CollectorMark(in: self, names)
    defer { withExtendedLifetime(mark) {} }
    step(.marked)
    // In this order: whoever publishes from here on has seen the mark and waits, and whoever is done has a version.
    let isAlive = { (mark: ListedObject) in self.objects.age(of: mark.time) < lifetime }
    let isPublishing = try list(names.writers).contains(where: isAlive)
    let (versions, torn) = try versions(names)
    let (kept, leaving) = chosen(versions, keep: keep)
    let named = Set(kept.flatMap { $0.version.encodingKeys.map(names.states) })
    let states = try list(names.states)
    let joint = try list(names.joint)
    step(.listed)
    var report = RemoteGarbageReport()
    var garbage: [ListedObject] = []
    for object in states {
      let isNamed = named.contains(object.name)
      if !isNamed, objects.age(of: object.time) < age {
        report.young += 1
      } else if !isNamed, isPublishing {
        report.spared += 1
      } else if !isNamed {
        garbage.append(object)
        continue
      }
      report.encodingsLeft += 1
      report.byteCountLeft += object.byteCount
    }
    for object in joint {
      if let jointAge, objects.age(of: object.time) >= jointAge {
        report.joint += 1
        garbage.append(object)
      } else {
        report.encodingsLeft += 1
        report.byteCountLeft += object.byteCount
      }
    }
    report.versions = leaving.map(\.version.name)
    report.encodings = garbage.count
    report.byteCount = garbage.reduce(0) { $0 + $1.byteCount }
    guard !dryRun else { return report }
    step(.removing)
    try remove(leaving.map(\.object), mark)
    try remove(garbage.map(\.name), mark)
    // What the dead have left.
    let marks = try list(names.claims) + list(names.writers)
    let leftovers = try marks + list(ObjectStore.turns(of: names.namespace)) + torn
    try remove(leftovers.filter { !isAlive($0) }.map(\.name), mark)
    return report
  }

  private func list(_ prefix: String) throws(PromptCacheError) -> [ListedObject] {
    try asking { (objects) throws(ObjectStorageError) in try objects.list(prefix) }
  }

  /// All versions, with the names of their objects; and what is left of those that nobody finished publishing.
  ///
  /// - Throws: `PromptCacheError.unreadablePublication`: nobody knows what that one names.
  private func versions(
    _ names: RemoteNames
  ) throws(PromptCacheError) -> (found: [(object: String, version: VersionRecord)], torn: [ListedObject]) {
    var found: [(object: String, version: VersionRecord)] = []
    var torn: [ListedObject] = []
    for listed in try list(names.versions) where RemoteNames.number(in: listed.name) != nil {
      let object = listed.name
      if Self.isTorn(byteCount: listed.byteCount) {
        torn.append(listed)
      } else if let version = try version(object: object)?.version {
        found.append((object, version))
      } else if try asking({ (objects) throws(ObjectStorageError) in try objects.status(of: object) }) != nil {
        throw .unreadablePublication(object: object)
      }
    }
    return (found, torn)
  }

  /// Divides versions into the newest of each model, schema and KV format, and the rest.
  private func chosen(
    _ versions: [(object: String, version: VersionRecord)], keep: Int?
  ) -> (kept: [(object: String, version: VersionRecord)], leaving: [(object: String, version: VersionRecord)]) {
    guard let keep else { return (versions, []) }
    let groups = Dictionary(grouping: versions) {
      [$0.version.model.hexadecimal, $0.version.schema, $0.version.element.rawValue]
    }
    .values.map { $0.sorted { $0.version.number < $1.version.number } }
    return (groups.flatMap { $0.suffix(keep) }, groups.flatMap { $0.dropLast(keep) })
  }

  private func remove(_ names: [String], _ mark: CollectorMark?) throws(PromptCacheError) {
    let next = Mutex(names[...])
    let failure = Mutex<PromptCacheError?>(nil)
    let deadline = mark?.deadline ?? .now
    onOwnThreads(min(Self.lanes, names.count)) { [self] in
      while let name = next.withLock({ $0.popFirst() }) {
        do throws(PromptCacheError) {
          guard ContinuousClock.now < deadline else { throw .collectionInterrupted }
          try asking { (objects) throws(ObjectStorageError) in try objects.remove(name) }
        } catch {
          let error = error
          failure.withLock { $0 = $0 ?? error }
          return next.withLock { $0 = [] }
        }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
  }
}

/// Says to those who publish that garbage is being collected (see `PublishingMark`).
private final class CollectorMark {
  private let remote: RemoteStore
  private let object: String
  /// Until when nobody can take it for a dead one's.
  let deadline: ContinuousClock.Instant

  init(in remote: RemoteStore, _ names: RemoteNames) throws(PromptCacheError) {
    self.remote = remote
    let object = names.collector
    self.object = object
    deadline = .now + .seconds(PublishingMark.lifetime / 2)
    try remote.asking { (objects) throws(ObjectStorageError) in
      if try objects.put(ObjectBody([]), as: object, ifAbsent: true) { return true }
      guard let status = try objects.status(of: object), objects.age(of: status.time) < PublishingMark.lifetime
      else { return try objects.put(ObjectBody([]), as: object) }
      return false
    } ? () : { () throws(PromptCacheError) in throw .collectionUnderWay }()
  }

  deinit {
    let object = object
    _ = try? remote.ask { (objects) throws(ObjectStorageError) in try objects.remove(object) }
  }
}
