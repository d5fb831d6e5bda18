public import ContentHash
public import KVCacheFormat

extension WriteBatch {
  /// Records the next version of `schema` for `model`; if nothing changed since the newest one, returns that one.
  ///
  /// Put all its blobs before, in this batch or in earlier ones. `labels` name the encodings for people, in the same
  /// order; they and `time` (seconds since 1970, now if left out) are no change by themselves.
  @discardableResult
  public func recordVersion(
    model: SHA256Digest, schema: String, hash: SHA256Digest, lowered: [UInt8], element: KVElement,
    encodings: [SHA256Digest], labels: [String] = [], time: Int? = nil
  ) throws(StoreError) -> VersionRecord {
    let newest = try transaction.newestVersion(store.namespace, model: model, schema: schema, tables)
    if let newest, newest.schemaHash == hash, newest.lowered == lowered, newest.element == element,
      newest.encodings == encodings
    {
      return newest
    }
    let version = VersionRecord(
      model: model, schema: schema, number: (newest?.number ?? 0) + 1, schemaHash: hash, lowered: lowered,
      element: element, time: time ?? secondsSince1970(), encodings: encodings, labels: labels)
    try put(version)
    return version
  }

  func put(_ version: VersionRecord) throws(StoreError) {
    let key = VersionKey(store.namespace, model: version.model, schema: version.schema, number: version.number)
    let record = unsafe Record.sealed(version.recordBody, key: key.bytes.span.bytes)
    try unsafe transaction.put(record.span.bytes, at: key.bytes.span.bytes, in: tables.versions)
  }
}
