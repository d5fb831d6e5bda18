internal import ContentHash

// While an import goes on, what it has brought is marked in the table `uses` as arriving, and nobody finds it: it is not
// there yet. The commit that makes the versions visible takes the marks away. If the import is refused it removes what is
// marked; if it is killed, the marks stay, and garbage collection or the next import removes it.

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
  /// Where it is not marked any more, somebody else has computed it meanwhile, or has freed it.
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
    let key = importKey
    try unsafe open.access.claim(key.span.bytes, onWait: options.onWait)
    defer { unsafe open.access.endClaim(of: key.span.bytes) }
    try removeArrivals()
    return try body()
  }

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
        // Whoever computed one of them meanwhile keeps it.
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
