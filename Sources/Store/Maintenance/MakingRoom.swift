extension StateStore {
  /// Makes room for `byteCount` bytes of blobs under the limits in `options`: removes the least recently used encodings
  /// of this namespace, never those of versions that are pinned or in use.
  ///
  /// What this process has lent counts as used now. Without limits, or where there is room, it does nothing.
  ///
  /// - Returns: what went, if anything had to.
  /// - Throws: `StoreError.storeFull` or `.namespaceFull`, if that much cannot be made free.
  @discardableResult
  public func makeRoom(for byteCount: Int) throws(StoreError) -> GarbageReport? {
    guard try excess(of: byteCount) > 0 else { return nil }
    try recordUses()
    return try open.access.asWriter(onWait: options.onWait) { () throws(StoreError) in
      let excess = try excess(of: byteCount)
      guard excess > 0 else { return nil }
      let inventory = try snapshot().inventory()
      let target = inventory.byteCount - excess
      // What has no version yet may be what room is made for; its turn comes with its age.
      let plan = GarbagePlan(
        inventory, GarbagePolicy(maximumBytes: max(target, 0)), keepsNeedless: true, isInUse: isLeased)
      guard target >= 0, plan.report.byteCountLeft <= target else { throw limitError }
      try free(plan)
      // Pages that a commit freed can be used by the one after the next.
      try commit { (batch) throws(StoreError) in try batch.touch() }
      return plan.report
    }
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
    return .storeFull(path: path, limit: options.maximumBytes ?? 0)
  }
}
