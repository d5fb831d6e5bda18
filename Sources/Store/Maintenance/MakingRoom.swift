internal import FileSystem
public import KVCacheFormat

extension StateStore {
  /// Makes room for `byteCount` bytes of blobs under the limits in `options`: removes the least recently used encodings
  /// of this namespace, joint ones first, never those of versions that are pinned or in use, or of an answer.
  ///
  /// What this process has lent counts as used now. Without limits, or where there is room, it does nothing.
  ///
  /// - Parameters:
  ///   - byteCount: on the disk: the sum of `byteCountOnDisk(of:)`.
  ///   - kept: encodings that stay too, because what is about to be written is useless without them.
  /// - Returns: what went, if anything had to.
  /// - Throws: `StoreError.storeFull` or `.namespaceFull`, if that much cannot be made free.
  @discardableResult
  public func makeRoom(
    for byteCount: Int, keeping kept: Set<EncodingKey> = []
  ) throws(StoreError) -> GarbageReport? {
    guard try excess(of: byteCount) > 0 else { return nil }
    try recordUses()
    return try open.access.asWriter(onWait: options.onWait) { () throws(StoreError) in
      let excess = try excess(of: byteCount)
      guard excess > 0 else { return nil }
      let inventory = try snapshot().inventory()
      let target = inventory.byteCount - excess
      let arriving = isImporting ? inventory.holdings.filter(\.value.isArriving).map(\.key) : []
      // What has no version yet may be what room is made for; its turn comes with its age.
      let plan = GarbagePlan(
        inventory, GarbagePolicy(maximumBytes: max(target, 0)), keepsNeedless: true, kept: kept.union(arriving),
        isInUse: isLeased(_:), claimJoint: { !isLeased(joint: $0) })
      guard target >= 0, plan.report.byteCountLeft <= target else { throw limitError }
      try free(plan)
      // Pages that a commit freed can be used by the one after the next.
      try commit { (batch) throws(StoreError) in try batch.touch() }
      return plan.report
    }
  }

  /// Makes room for `byteCount` bytes of blobs, keeping `kept`, then writes.
  ///
  /// A blob wants pages in a row, so what is free may not do, however much it is: then more is made free, and `body`
  /// runs again, a few times. `snapshot`, of this thread, is renewed, so that it does not hold what is made free.
  @discardableResult
  public func write<R>(
    makingRoomFor byteCount: Int, keeping kept: Set<EncodingKey>, renewing snapshot: Snapshot? = nil,
    _ body: (borrowing WriteBatch) throws(StoreError) -> R
  ) throws(StoreError) -> R {
    for factor in [1, 2, 4] {
      if try makeRoom(for: factor * byteCount, keeping: kept) != nil { try snapshot?.renew() }
      do throws(StoreError) {
        return try write(body)
      } catch .storeFull where options.maximumBytes != nil {
        continue
      }
    }
    throw limitError
  }

  /// Bytes that a blob of `layout` takes of the store and its limits.
  public func byteCountOnDisk(of layout: KVBlobLayout) throws(StoreError) -> Int {
    BlobSize.onDisk(value: try BlobSize.value(layout, pageByteCount: open.environment.pageByteCount))
  }

  /// Bytes that the blobs of `layout` take together.
  public func byteCountOnDisk(of layout: KVSegmentLayout) throws(StoreError) -> Int {
    var byteCount = 0
    for blob in layout.blobs { byteCount += try byteCountOnDisk(of: blob) }
    return byteCount
  }

  /// Bytes by which the limits would be passed with `byteCount` bytes more; 0 or less if they would not.
  private func excess(of byteCount: Int) throws(StoreError) -> Int {
    var excess = 0
    if let limit = options.maximumNamespaceBytes {
      let namespace = namespace
      let account = try snapshot().read { (transaction, tables) throws(StoreError) in
        try NamespaceAccount.load(namespace, transaction, tables).byteCount
      }
      excess = max(excess, account + byteCount - limit)
    }
    if let limit = options.maximumBytes {
      let environment = open.environment
      let free = try snapshot().read { (transaction, _) throws(StoreError) in try transaction.freePages() }
      // Blobs want pages in a row: not all that is free can be used, nor all that is made free.
      let used = (environment.information.pages - free / 2) * environment.pageByteCount
      excess = max(excess, 2 * (used + byteCount - (limit - WriteBatch.spare(of: limit))))
    }
    return excess
  }

  private var limitError: StoreError {
    if let limit = options.maximumNamespaceBytes { return .namespaceFull(namespace: namespace.name, limit: limit) }
    return .storeFull(path: path.description, limit: options.maximumBytes ?? 0)
  }
}
