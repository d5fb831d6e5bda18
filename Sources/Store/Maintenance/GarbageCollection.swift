internal import FileSystem

extension StateStore {
  /// Frees versions and encodings of this namespace that `policy` does not keep, and prepared files of models that no
  /// version is left for in any namespace.
  ///
  /// Versions that are pinned, or in use by a `Lease` in any process, stay with their encodings, and so do joint encodings
  /// that an answer uses. While someone is warming, encodings that no version needs stay too. Readers keep what they have; other writers wait. A collection that is killed
  /// leaves a consistent store, and the next one frees the rest.
  ///
  /// - Parameter policy: what to keep.
  /// - Parameter dryRun: only say what would go.
  @discardableResult
  public func collectGarbage(_ policy: GarbagePolicy, dryRun: Bool = false) throws(StoreError) -> GarbageReport {
    var report: GarbageReport
    if dryRun {
      report = try snapshot().garbagePlan(policy, keepsNeedless: isWarming).report
    } else {
      guard !options.readOnly else { throw .readOnly(path: path.description) }
      report = try open.access.asWriter(onWait: options.onWait) { () throws(StoreError) in
        // Anyone who begins to warm, or to use a version that is being removed, waits until the removal is done.
        defer { open.access.readmit() }
        let keepsNeedless = !excludeWarming()
        let plan = try snapshot().garbagePlan(
          policy, keepsNeedless: keepsNeedless, claim: excludeLeases(of:), claimJoint: excludeLeases(ofJoint:))
        try free(plan)
        if !keepsNeedless { try freeDocuments() }
        return plan.report
      }
    }
    let prepared = try freeDerivedFiles(besides: report.versions, dryRun: dryRun)
    (report.preparedFiles, report.preparedByteCount) = prepared
    return report
  }

  /// Removes what `plan` says, in several commits, versions first. The caller holds the writer lock.
  func free(_ plan: GarbagePlan) throws(StoreError) {
    // A commit rewrites the parts of the index that it changes, and lists the pages that it freed. The first one has to
    // fit on a disk with only the space that `makeRoom` left; what it frees is room for the next.
    var encodingsInCommit = 8
    var next = 0
    var versions = plan.versions
    while !versions.isEmpty || next < plan.encodings.count {
      let end = min(next + encodingsInCommit, plan.encodings.count)
      try commit { (batch) throws(StoreError) in
        for version in versions { try batch.remove(version) }
        var byteCount = 0
        while next < end, byteCount < Self.freedByteCountInCommit {
          try batch.remove(plan.encodings[next].key)
          byteCount += plan.encodings[next].byteCount
          next += 1
        }
      }
      versions = []
      encodingsInCommit = min(2 * encodingsInCommit, 4096)
    }
  }

  /// Bytes of blobs after which a commit frees no more: the list of their pages has to be written too.
  private static var freedByteCountInCommit: Int { 1 << 30 }
}

extension Snapshot {
  /// What `policy` frees.
  ///
  /// - Parameters:
  ///   - keepsNeedless: whether someone is warming, who may have found an encoding there and not put it again.
  ///   - claim: whether a version that goes is not in use, and will not be.
  ///   - claimJoint: the same for a joint encoding; whether it is in use if `nil`.
  fileprivate func garbagePlan(
    _ policy: GarbagePolicy, keepsNeedless: Bool, claim: (VersionName) -> Bool = { _ in true },
    claimJoint: ((EncodingKey) -> Bool)? = nil
  ) throws(StoreError) -> GarbagePlan {
    GarbagePlan(
      try inventory(), policy, keepsNeedless: keepsNeedless, isInUse: store.isLeased(_:), claim: claim,
      claimJoint: claimJoint ?? { [store] in !store.isLeased(joint: $0) })
  }

  func inventory() throws(StoreError) -> Inventory {
    let namespace = store.namespace
    return try read { (transaction, tables) throws(StoreError) in
      try Inventory(namespace, transaction, tables)
    }
  }
}

extension WriteBatch {
  /// Removes a version, with its pin and what was noted about it.
  func remove(_ version: VersionName) throws(StoreError) {
    try removeNote(of: version)
    let key = VersionKey(store.namespace, version).bytes
    for table in [tables.versions, tables.pins, tables.heads].compactMap(\.self) {
      try unsafe transaction.remove(key.span.bytes, in: table)
    }
  }

  /// Removes all blobs of an encoding.
  func remove(_ encoding: EncodingKey) throws(StoreError) {
    try removeLayers(of: encoding, from: 0)
    let bytes = BlobKeyBytes(BlobKey(encoding, layer: 0), in: store.namespace)
    try transaction.remove(bytes.encodingSpan, in: tables.uses)
  }

  /// Removes the blobs of an encoding for layer `first` and those above.
  func removeLayers(of encoding: EncodingKey, from first: Int) throws(StoreError) {
    let bytes = BlobKeyBytes(BlobKey(encoding, layer: first), in: store.namespace)
    var keys: [[UInt8]] = []
    try transaction.visit(tables.blobs, prefix: bytes.encodingSpan, from: bytes.span.array) { (key, _) in
      keys.append(key.array)
      return .next
    }
    for key in keys { try unsafe removeBlob(at: key.span.bytes) }
  }
}
