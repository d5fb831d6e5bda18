/// A pin is a record at the version's key, in a table of its own; it holds when it was set (8).
extension WriteBatch {
  /// Pins `version`, so that neither it nor its encodings are ever freed, or takes the pin away.
  ///
  /// - Throws: `StoreError.noVersion`.
  public func setPinned(_ version: VersionName, _ isPinned: Bool) throws(StoreError) {
    let key = VersionKey(store.namespace, version).bytes
    guard try unsafe transaction.bytes(at: key.span.bytes, in: tables.versions) != nil else {
      throw .noVersion(version)
    }
    if isPinned {
      let record = unsafe Use.record(secondsSince1970(), key: key.span.bytes)
      try unsafe transaction.put(record.span.bytes, at: key.span.bytes, in: tables.pins)
    } else {
      try unsafe transaction.remove(key.span.bytes, in: tables.pins)
    }
  }
}

extension StateStore {
  /// Pins `version`: neither it nor its encodings are freed until `unpin`.
  public func pin(_ version: VersionName) throws(StoreError) {
    try write { (batch) throws(StoreError) in try batch.setPinned(version, true) }
  }

  /// Takes the pin of `version` away, if it has one.
  public func unpin(_ version: VersionName) throws(StoreError) {
    try write { (batch) throws(StoreError) in try batch.setPinned(version, false) }
  }
}
