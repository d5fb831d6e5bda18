internal import ContentHash
internal import FileSystem
public import KVCacheFormat

/// What one transaction writes. It exists inside `StateStore.write` alone.
public struct WriteBatch: ~Copyable {
  let store: StateStore
  private(set) var transaction: Transaction
  let tables: Tables
  private let account: NamespaceAccount

  init(to store: StateStore) throws(StoreError) {
    let transaction = try Transaction(writing: store.open.environment)
    account = try NamespaceAccount.load(store.namespace, transaction, store.open.tables)
    self.store = store
    self.transaction = transaction
    tables = store.open.tables
  }

  mutating func commit() throws(StoreError) {
    try account.save(transaction, tables)
    try transaction.commit()
  }
}

// MARK: - Blobs

extension WriteBatch {
  /// Bytes put so far, which this process holds in memory until the commit.
  public var byteCount: Int { account.written }

  /// Whether there is a blob at `key`, in the store or in this batch.
  public func contains(_ key: BlobKey) throws(StoreError) -> Bool {
    let bytes = BlobKeyBytes(key, in: store.namespace)
    return try transaction.contains(bytes, tables)
  }

  /// Stores a blob, in place of the one that is there.
  ///
  /// Storing layer 0 removes layers that `layout.shape` does not have; storing any layer removes what an unfinished import
  /// brought of the encoding.
  ///
  /// `fill` writes the payload, as `layout` says, where it will stay; it finds zeros. The memory is not aligned as in a
  /// blob that is read (16 bytes, not 64).
  ///
  /// - Throws: `StoreError.blobTooLarge`, or that the store, its namespace or the disk is full.
  public func put(
    _ key: BlobKey, layout: KVBlobLayout, fill: (inout MutableRawSpan) -> Void
  ) throws(StoreError) {
    try put(key, layout: layout) { (payload: inout MutableRawSpan) throws(StoreError) in fill(&payload) }
  }

  /// Stores a blob whose `fill` can fail. If it does, the batch must not be committed.
  ///
  /// - Parameters:
  ///   - isArriving: whether an import brings it, and has not finished.
  ///   - isWhole: whether `fill` writes all of the payload; else what it leaves out is zeros.
  func put(
    _ key: BlobKey, layout: KVBlobLayout, isArriving: Bool = false, fillingAll isWhole: Bool = false,
    fill: (inout MutableRawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    let bytes = BlobKeyBytes(key, in: store.namespace)
    if !isArriving, try transaction.isArriving(bytes.encodingSpan, tables) { try remove(key.encodingKey) }
    if key.layer == 0 { try removeLayers(of: key.encodingKey, from: layout.shape.layers) }
    let byteCount = try BlobSize.value(layout, pageByteCount: store.open.environment.pageByteCount)
    let header = try BlobHeader(layout, key: bytes.span, layer: key.layer)
    let replaced = try removableBlob(at: bytes.span)
    try account.add(
      BlobSize.onDisk(value: byteCount), replacing: replaced.map(BlobSize.onDisk),
      limit: store.options.maximumNamespaceBytes)
    try transaction.put(byteCount: byteCount, at: bytes.span, in: tables.blobs) { (value, end) throws(StoreError) in
      try claim(end)
      let place = BlobHeader.byteCount..<BlobHeader.byteCount + layout.byteCount
      if isWhole {
        value.clear(0..<place.lowerBound)
        value.clear(place.upperBound..<value.byteCount)
      } else {
        value.clear(0..<value.byteCount)
      }
      var payload = value._mutatingExtracting(place)
      try fill(&payload)
      header.seal(&value, key: bytes.span)
    }
    if replaced == nil { try transaction.recordUse(of: bytes, at: secondsSince1970(), isArriving: isArriving, tables) }
  }

  /// Removes the blob at `key`, which is there.
  func removeBlob(at key: RawSpan) throws(StoreError) {
    guard let byteCount = try removableBlob(at: key) else { return }
    try transaction.remove(key, in: tables.blobs)
    account.subtract(BlobSize.onDisk(value: byteCount))
  }

  /// Bytes of the blob at `key`, whose pages can be freed; `nil` if there is none.
  private func removableBlob(at key: RawSpan) throws(StoreError) -> Int? {
    guard let range = try transaction.range(at: key, in: tables.blobs) else { return nil }
    try store.open.mendRunHeader(of: range)
    return range.byteCount
  }

  /// Throws if the file may not or cannot grow to `end` bytes and some more.
  private func claim(_ end: Int) throws(StoreError) {
    let limit = min(store.options.maximumBytes ?? .max, store.open.environment.mapByteCount)
    guard end <= limit - Self.spare(of: limit) else {
      let isOfMap = limit < store.options.maximumBytes ?? Environment.largestMap
      let path = store.path.description
      throw isOfMap ? .addressSpace(path: path, byteCount: limit) : .storeFull(path: path, limit: limit)
    }
    try store.open.folder.claim(end + Self.spare(of: limit), limit: limit)
  }

  /// Bytes of `limit` that blobs leave free: for the index, and for the commits that free something once the limit or
  /// the end of the disk has been reached.
  static func spare(of limit: Int) -> Int { min(limit / 4, 512 << 10) }

  /// Makes a commit of this batch, even if it changes nothing.
  func touch() throws(StoreError) { try account.save(transaction, tables, always: true) }
}
