internal import ContentHash

// During an import, what it has brought is marked in the table `uses` as arriving, and lookups do not find it. The commit
// that makes the versions visible removes the marks. An import that is refused removes what it marked; what a killed one
// leaves is removed by garbage collection or the next import.

extension Transaction {
  /// Whether there is a blob at `key`, of an encoding that is not arriving.
  func contains(_ key: borrowing BlobKeyBytes, _ tables: Tables) throws(StoreError) -> Bool {
    guard try bytes(at: key.span, in: tables.blobs) != nil else { return false }
    return try !isArriving(key.encodingSpan, tables)
  }

  /// Whether the encoding whose key in `uses` is `key` is one that an import has not finished.
  func isArriving(_ key: RawSpan, _ tables: Tables) throws(StoreError) -> Bool {
    guard let record = try bytes(at: key, in: tables.uses) else { return false }
    return Use.isArriving(record, key: key)
  }

  /// The encodings of `namespace` that imports have not finished.
  fileprivate func arriving(in namespace: Namespace, _ tables: Tables) throws(StoreError) -> [EncodingKey] {
    let tag = namespace.tag.bytes
    var found: [EncodingKey] = []
    try unsafe visit(tables.uses, prefix: tag.span.bytes) { (key, record) in
      if let encoding = EncodingKey(key), Use.isArriving(record, key: key) { found.append(encoding) }
      return .next
    }
    return found
  }
}

extension WriteBatch {
  /// Makes what an import brought of `key` an encoding that is there.
  ///
  /// If it is no longer marked, somebody else has computed or freed it meanwhile.
  func admit(_ key: EncodingKey) throws(StoreError) {
    let bytes = BlobKeyBytes(BlobKey(key, layer: 0), in: store.namespace)
    guard try transaction.isArriving(bytes.encodingSpan, tables) else { return }
    try transaction.recordUse(of: bytes, at: secondsSince1970(), tables)
  }

  /// Whether an import can go on to put layers of `key`: nobody else has computed it meanwhile.
  func awaits(_ key: BlobKey) throws(StoreError) -> Bool {
    let bytes = BlobKeyBytes(key, in: store.namespace)
    if key.layer > 0 { return try transaction.isArriving(bytes.encodingSpan, tables) }
    return try transaction.layers(of: key.encodingKey, store.namespace, tables) == 0
  }
}

extension StateStore {
  /// Runs `body` as the only import into this namespace, in any process, with nothing there of an earlier one.
  func asImporter<R>(_ body: () throws(StoreError) -> R) throws(StoreError) -> R {
    try beginImporting()
    defer { endImporting() }
    return try body()
  }

  /// Begins to be the only one who imports into this namespace; waits for another one.
  func beginImporting() throws(StoreError) {
    try unsafe open.access.claim(importKey.span.bytes, onWait: options.onWait)
    do throws(StoreError) {
      try removeArrivals()
    } catch {
      endImporting()
      throw error
    }
  }

  /// Lets others import.
  func endImporting() { unsafe open.access.endClaim(of: importKey.span.bytes) }

  /// Whether an import into this namespace is going on, in any process.
  var isImporting: Bool { unsafe open.access.isClaimed(importKey.span.bytes) }

  private var importKey: [UInt8] { namespace.tag.bytes + Array("import".utf8) }

  /// Removes what imports brought and did not finish. The caller is the only one who imports.
  func removeArrivals() throws(StoreError) {
    let namespace = namespace
    var rest = try snapshot().read { (transaction, tables) throws(StoreError) in
      try transaction.arriving(in: namespace, tables)
    }
    while !rest.isEmpty {
      let part = rest.suffix(256)
      rest.removeLast(part.count)
      try write { (batch) throws(StoreError) in
        // One that somebody computed meanwhile is not arriving any more, and stays.
        for key in part where try batch.isArriving(key) { try batch.remove(key) }
      }
    }
  }
}

extension WriteBatch {
  fileprivate func isArriving(_ key: EncodingKey) throws(StoreError) -> Bool {
    let bytes = BlobKeyBytes(BlobKey(key, layer: 0), in: store.namespace)
    return try transaction.isArriving(bytes.encodingSpan, tables)
  }
}
