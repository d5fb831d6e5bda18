internal import Glibc

/// When an encoding was last used, so that the least recently used go first when space is short.
///
/// The key is the encoding's, the start of its blobs' keys; the record holds seconds since 1970 (8).
enum Use {
  /// The record of a use at `time`.
  static func record(_ time: Int, key: RawSpan) -> [UInt8] {
    var writer = RecordWriter()
    writer.append(Int64(time))
    return Record.sealed(writer.bytes, key: key)
  }

  /// The time that a record holds; 0, the oldest, if it is damaged.
  static func time(of record: RawSpan, key: RawSpan) -> Int {
    guard let body = Record.body(of: record, key: key) else { return 0 }
    var reader = RecordReader(body)
    return reader.integer(Int64.self).map { Int($0) } ?? 0
  }
}

extension Transaction {
  /// Records that the encoding of the blob at `key` is in use at `time`.
  func recordUse(of key: borrowing BlobKeyBytes, at time: Int, _ tables: Tables) throws(StoreError) {
    let record = Use.record(time, key: key.encodingSpan)
    try unsafe put(record.span.bytes, at: key.encodingSpan, in: tables.uses)
  }
}

extension StateStore {
  /// Records which encodings this process has lent since it last did, to the hour, for `collectGarbage` to go by.
  ///
  /// It is one small commit, or none if there is nothing new. Call it after answering, or now and then.
  public func recordUses() throws(StoreError) {
    let keys = open.uses.take(namespace)
    guard !keys.isEmpty, !options.readOnly else { return }
    let now = secondsSince1970()
    try write { (batch) throws(StoreError) in
      for key in keys {
        let bytes = BlobKeyBytes(BlobKey(key, layer: 0), in: namespace)
        guard let record = try batch.transaction.bytes(at: bytes.encodingSpan, in: batch.tables.uses),
          now - Use.time(of: record, key: bytes.encodingSpan) >= UseLog.resolution
        else { continue }
        try batch.transaction.recordUse(of: bytes, at: now, batch.tables)
      }
    }
  }
}

/// The time now: seconds since 1970, UTC.
func secondsSince1970() -> Int { time(nil) }

extension WriteBatch {
  /// Records that an encoding was last used at `time`, seconds since 1970.
  package func setLastUse(_ key: EncodingKey, _ time: Int) throws(StoreError) {
    try transaction.recordUse(of: BlobKeyBytes(BlobKey(key, layer: 0), in: store.namespace), at: time, tables)
  }
}
