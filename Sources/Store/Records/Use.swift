internal import Glibc

/// When an encoding was last used, so that the least recently used go first when space is short; and what it is there for,
/// if that is not a version alone.
///
/// The key is the encoding's, the start of its blobs' keys; the record holds seconds since 1970 (8), and a byte 1 while an
/// import has not finished bringing it, or a byte 2 and what it is in a prompt's chain (`JointRecord`).
struct Use {
  /// The time of the last use; 0, the oldest, if the record is damaged.
  var time = 0
  /// Whether an import has not finished bringing the encoding: then it is not there yet.
  var isArriving = false
  /// What it is among joint encodings, if it is one.
  var joint: JointRecord?

  /// Bytes of the record of an encoding that is arriving, by which others are told at once.
  private static let arrivingByteCount = 17

  /// The use that `record` at `key` is about.
  init(of record: RawSpan, key: RawSpan) {
    guard let body = Record.body(of: record, key: key) else { return }
    var reader = RecordReader(body)
    guard let time = reader.number() else { return }
    self.time = time
    switch reader.byte() {
    case 1: isArriving = reader.isAtEnd
    case 2: joint = JointRecord(&reader)
    default: break
    }
  }

  /// Whether `record` at `key` says that the encoding is arriving.
  static func isArriving(_ record: RawSpan, key: RawSpan) -> Bool {
    record.byteCount == arrivingByteCount && Use(of: record, key: key).isArriving
  }

  /// The record of a use at `time`.
  static func record(_ time: Int, isArriving: Bool = false, joint: JointRecord? = nil, key: RawSpan) -> [UInt8] {
    var writer = RecordWriter()
    writer.append(number: time)
    if isArriving {
      writer.append(UInt8(1))
    } else if let joint {
      writer.append(UInt8(2))
      joint.append(to: &writer)
    }
    return Record.sealed(writer.bytes, key: key)
  }
}

extension Transaction {
  /// Records that the encoding of the blob at `key` is in use at `time`. What it is among joint encodings stays.
  func recordUse(
    of key: borrowing BlobKeyBytes, at time: Int, isArriving: Bool = false, _ tables: Tables
  ) throws(StoreError) {
    let joint = try use(of: key, tables)?.joint
    let record = Use.record(time, isArriving: isArriving, joint: joint, key: key.encodingSpan)
    try unsafe put(record.span.bytes, at: key.encodingSpan, in: tables.uses)
  }

  /// What is recorded of the encoding of the blob at `key`.
  func use(of key: borrowing BlobKeyBytes, _ tables: Tables) throws(StoreError) -> Use? {
    guard let record = try bytes(at: key.encodingSpan, in: tables.uses) else { return nil }
    return Use(of: record, key: key.encodingSpan)
  }
}

extension StateStore {
  /// Records which encodings this process has lent since it last did, to the hour, for `collectGarbage` to go by.
  ///
  /// It is one small commit, or none if there is nothing new.
  public func recordUses() throws(StoreError) {
    guard !options.readOnly else { return }
    let keys = open.uses.take(namespace)
    guard try haveNews(keys) else { return }
    try write { (batch) throws(StoreError) in try batch.recordUses(keys) }
  }

  /// Does the same if nobody is writing, on a handle for reading too: it neither waits nor fails. Call it after
  /// answering, or now and then.
  ///
  /// - Returns: whether all that was lent is recorded.
  @discardableResult
  public func recordUsesIfIdle() -> Bool {
    let keys = open.uses.take(namespace)
    do throws(StoreError) {
      guard try haveNews(keys) else { return true }
      if !open.environment.isReadOnly,
        try open.access.asWriterIfIdle({ () throws(StoreError) in
          try commit { (batch) throws(StoreError) in try batch.recordUses(keys) }
        }) != nil
      {
        return true
      }
    } catch {
      // The next writer reports a full disk or a damaged index; an answer need not fail because of either.
    }
    open.uses.putBack(keys, namespace)
    return false
  }

  /// Whether one of these was not in use within the hour, by what is recorded.
  private func haveNews(_ keys: [EncodingKey]) throws(StoreError) -> Bool {
    guard !keys.isEmpty else { return false }
    let (now, namespace) = (secondsSince1970(), namespace)
    return try snapshot().read { (transaction, tables) throws(StoreError) in
      for key in keys where try transaction.isOld(key, namespace, at: now, tables) { return true }
      return false
    }
  }
}

extension WriteBatch {
  /// Records that encodings are in use now, those that are there.
  fileprivate func recordUses(_ keys: [EncodingKey]) throws(StoreError) {
    let now = secondsSince1970()
    for key in keys where try transaction.isOld(key, store.namespace, at: now, tables) {
      try transaction.recordUse(of: BlobKeyBytes(BlobKey(key, layer: 0), in: store.namespace), at: now, tables)
    }
  }
}

extension Transaction {
  /// Whether the encoding `key` is there, and its last recorded use an hour or more before `now`.
  fileprivate func isOld(
    _ key: EncodingKey, _ namespace: Namespace, at now: Int, _ tables: Tables
  ) throws(StoreError) -> Bool {
    let bytes = BlobKeyBytes(BlobKey(key, layer: 0), in: namespace)
    guard let use = try use(of: bytes, tables) else { return false }
    return !use.isArriving && now - use.time >= UseLog.resolution
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
