internal import Glibc

/// When an encoding was last used, to the hour, so that the least recently used go first when space is short.
///
/// The key is the encoding's, the start of its blobs' keys; the record holds seconds since 1970 (8).
enum Use {
  static func body(_ time: Int) -> [UInt8] {
    var writer = RecordWriter()
    writer.append(Int64(time))
    return writer.bytes
  }

  /// The time that a record holds; 0, the oldest, if it is damaged.
  static func time(of record: RawSpan, key: RawSpan) -> Int {
    guard let body = Record.body(of: record, key: key) else { return 0 }
    var reader = RecordReader(body)
    return reader.integer(Int64.self).map { Int($0) } ?? 0
  }
}

extension Transaction {
  /// Notes that the encoding of the blob at `key` is in use now.
  func markUse(of key: borrowing BlobKeyBytes, _ tables: Tables, time: Int = secondsSince1970()) throws(StoreError) {
    let record = Record.sealed(Use.body(time), key: key.encodingSpan)
    try unsafe put(record.span.bytes, at: key.encodingSpan, in: tables.uses)
  }
}

/// The time now: seconds since 1970, UTC.
func secondsSince1970() -> Int { time(nil) }
