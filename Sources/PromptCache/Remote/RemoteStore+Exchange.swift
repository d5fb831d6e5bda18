internal import ContentHash
internal import KVCacheFormat
internal import ObjectStorage
public import Store

/// What moving versions between a local store and a remote one did, or would do.
public struct TransferReport: Hashable, Codable, Sendable {
  /// Versions that are new where they went, as they are called there.
  public internal(set) var versions: [VersionName] = []
  /// Versions that were there.
  public internal(set) var presentVersions = 0
  /// Encodings that moved, joint ones among them.
  public internal(set) var encodings = 0
  /// How many of these were joint ones.
  public internal(set) var joint = 0
  /// Encodings that were there, but for joint ones.
  public internal(set) var presentEncodings = 0
  /// Bytes of the objects that moved.
  public internal(set) var byteCount = 0
}

extension RemoteStore {
  /// Puts versions of a local store, with all that they need, and the joint encodings of their schemas. A version keeps its
  /// number unless another one has it.
  ///
  /// - Parameters:
  ///   - versions: all of the store's namespace, if left out.
  ///   - store: the local store.
  ///   - dryRun: only say what would be put.
  ///   - progress: called with encodings that are there, and how many are needed, of the version at work, and bytes sent.
  /// - Throws: `PromptCacheError.objectStorage`; `.store` for versions that the local store lacks states of.
  public func push(
    _ versions: [VersionName]? = nil, of store: StateStore, dryRun: Bool = false,
    progress: @escaping @Sendable (_ done: Int, _ total: Int, _ byteCount: Int) -> Void = { _, _, _ in }
  ) throws(PromptCacheError) -> TransferReport {
    let names = RemoteNames(namespace: store.options.namespace)
    let snapshot = try withStoreErrors { () throws(StoreError) in try store.snapshot() }
    var report = TransferReport()
    var promised: Set<EncodingKey> = []
    var mark: PublishingMark?
    let wanted = try withStoreErrors { () throws(StoreError) in try snapshot.versions(called: versions) }
    for version in wanted {
      if try isPublished(version, names) {
        report.presentVersions += 1
        report.presentEncodings += version.encodings.count
        continue
      }
      if !dryRun, mark == nil { mark = try PublishingMark(in: self, names) }
      let missing = try missing(version.encodingKeys.filter { !promised.contains($0) }, of: snapshot, names)
      report.presentEncodings += version.encodings.count - missing.count
      report.encodings += missing.count
      promised.formUnion(missing)
      if dryRun {
        for key in missing {
          let byteCount = try withStoreErrors { () throws(StoreError) in try snapshot.fileByteCount(of: key) }
          guard let byteCount else { throw .store(.missingEncodings(schema: version.schema, count: 1)) }
          report.byteCount += byteCount
        }
        report.versions.append(version.name)
      } else {
        report.byteCount += try put(missing, of: store, names) { progress($0, missing.count, $1) }.byteCount
        try mark?.renew()
        report.versions.append(try publish(version, of: store, names).name)
      }
    }
    try pushJoint(besides: wanted, of: store, in: snapshot, names, dryRun: dryRun, &report, progress)
    return report
  }

  /// Puts the joint encodings of the schemas of versions, in their formats.
  private func pushJoint(
    besides versions: [VersionRecord], of store: StateStore, in snapshot: Snapshot, _ names: RemoteNames, dryRun: Bool,
    _ report: inout TransferReport,
    _ progress: @escaping @Sendable (_ done: Int, _ total: Int, _ byteCount: Int) -> Void
  ) throws(PromptCacheError) {
    let joint = try withStoreErrors { () throws(StoreError) in try snapshot.jointKeys(besides: versions) }
    let names = names.with(joint: joint)
    let missing = try missing(Array(joint), of: snapshot, names)
    report.encodings += missing.count
    report.joint = missing.count
    guard dryRun else {
      report.byteCount += try put(missing, of: store, names) { progress($0, missing.count, $1) }.byteCount
      return
    }
    for key in missing {
      report.byteCount += try withStoreErrors { () throws(StoreError) in try snapshot.fileByteCount(of: key) ?? 0 }
    }
  }

  /// Whether a version was published, under its number or as the newest one.
  private func isPublished(_ version: VersionRecord, _ names: RemoteNames) throws(PromptCacheError) -> Bool {
    if let found = try self.version(version.name, names)?.version, found.hasSameContent(as: version) { return true }
    let newest = try newest(of: version.schema, model: version.model, names).version
    return newest?.version.hasSameContent(as: version) ?? false
  }

  /// Brings versions, with all that they need, into a local store.
  ///
  /// - Parameters:
  ///   - isWanted: which versions; the newest of each model and schema if left out.
  ///   - store: the local store.
  ///   - dryRun: only say what would come.
  ///   - progress: called with encodings that came, and how many have to, of the version at work, and bytes that came.
  /// - Throws: `PromptCacheError.objectStorage`, `.store`; `.objectsMissing` for a version whose objects are not all there
  ///   or not what they should be: it is not recorded.
  public func pull(
    _ isWanted: ((VersionName) -> Bool)? = nil, into store: StateStore, dryRun: Bool = false,
    progress: (_ done: Int, _ total: Int, _ byteCount: Int) -> Void = { _, _, _ in }
  ) throws(PromptCacheError) -> TransferReport {
    let names = RemoteNames(namespace: store.options.namespace)
    let lease = try withStoreErrors { () throws(StoreError) in
      dryRun ? nil : try store.leaseForWarming()
    }
    defer { withExtendedLifetime(lease) {} }
    var report = TransferReport()
    for published in try versions(isWanted, names) {
      let version = published.version
      let snapshot = try withStoreErrors { () throws(StoreError) in try store.snapshot() }
      var wanted: [EncodingKey] = []
      for key in version.encodingKeys where try !isWhole(key, in: snapshot) { wanted.append(key) }
      report.presentEncodings += version.encodings.count - wanted.count
      if dryRun {
        for key in wanted {
          let name = names.states(key)
          report.byteCount +=
            try asking { (objects) throws(ObjectStorageError) in try objects.status(of: name) }?
            .byteCount ?? 0
        }
        report.encodings += wanted.count
        report.versions.append(version.name)
        continue
      }
      let shape = try withStoreErrors { () throws(StoreError) in try snapshot.shape(of: version.model) }
      let fetch = RemoteFetch(
        names: names, store: store, keys: wanted, kept: Set(version.encodingKeys), isNamed: true
      ) { _, layouts in shape == nil || layouts.allSatisfy { $0.shape == shape } }
      let before = usage.fetchedByteCount
      let came = try withStoreErrors { () throws(StoreError) in
        try self.fetch(fetch) { progress($0, wanted.count, $1) }
      }
      guard came.count == wanted.count else {
        throw .objectsMissing(schema: version.schema, version: version.number, count: wanted.count - came.count)
      }
      report.encodings += came.count
      report.byteCount += usage.fetchedByteCount - before
      let place = place
      let (taken, isNew) = try withStoreErrors { () throws(StoreError) in
        let known = try snapshot.versions(model: version.model, schema: version.schema)
        let taken = try store.takeIn(published: published, at: place, upTo: version.number, isComplete: true)
        return (taken, !known.contains { $0.number == taken.number })
      }
      if isNew { report.versions.append(taken.name) } else { report.presentVersions += 1 }
    }
    return report
  }

  /// Whether all of an encoding is there, and what was written.
  private func isWhole(_ key: EncodingKey, in snapshot: Snapshot) throws(PromptCacheError) -> Bool {
    do throws(StoreError) {
      return try snapshot.fileByteCount(of: key) != nil
    } catch {
      guard error.isDamage else { throw .store(error) }
      return false
    }
  }

  /// The published versions that are wanted; the newest of each model and schema if nothing says which.
  private func versions(
    _ isWanted: ((VersionName) -> Bool)?, _ names: RemoteNames
  ) throws(PromptCacheError) -> [PublishedVersion] {
    let listed = try asking { (objects) throws(ObjectStorageError) in try objects.list(names.versions) }
      .filter { RemoteNames.number(in: $0.name) != nil }
    var found: [PublishedVersion] = []
    if isWanted == nil {
      let schemas = Dictionary(grouping: listed.map(\.name)) { $0.dropLast(16) }
      for (_, objects) in schemas.sorted(by: { $0.key < $1.key }) {
        for object in objects.sorted(by: >) {
          guard let version = try version(object: object) else { continue }
          found.append(version)
          break
        }
      }
    } else {
      for object in listed {
        if let version = try version(object: object.name), isWanted?(version.version.name) == true {
          found.append(version)
        }
      }
    }
    return found.sorted {
      let (one, other) = ($0.version, $1.version)
      return (one.model, one.schema, one.number) < (other.model, other.schema, other.number)
    }
  }
}
