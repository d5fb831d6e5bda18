internal import ContentHash

/// What a namespace holds, by encoding and version.
struct Inventory {
  /// The blobs of one encoding.
  struct Holding {
    var blobs = 0
    /// Bytes of their pages.
    var byteCount = 0
    /// When it was last used: seconds since 1970.
    var lastUse = 0
    /// Whether an import has not finished bringing it: then it is not there yet.
    var isArriving = false
    /// What it is among joint encodings, if it is one.
    var joint: JointRecord?
  }

  private(set) var holdings: [EncodingKey: Holding] = [:]
  private(set) var versions: [VersionRecord] = []
  private(set) var pinned: Set<VersionName> = []

  /// What `transaction` shows of `namespace`.
  init(
    _ namespace: Namespace, _ transaction: borrowing Transaction, _ tables: Tables
  ) throws(StoreError) {
    let tag = namespace.tag.bytes
    let prefix = unsafe tag.span.bytes
    var holdings: [EncodingKey: Holding] = [:]
    // The layers of an encoding are neighbours.
    var (start, holding): ([UInt8], Holding) = ([], Holding())
    func take() {
      guard let key = unsafe EncodingKey(start.span.bytes) else { return }
      holdings[key] = holding
    }
    try transaction.visit(tables.blobs, prefix: prefix) { (key, value) in
      guard key.byteCount == BlobKeyBytes.byteCount else { return .next }
      if start.isEmpty || !(unsafe key.begins(with: start.span.bytes)) {
        take()
        start = key.extracting(first: BlobKeyBytes.encodingByteCount).array
        holding = Holding()
      }
      holding.blobs += 1
      holding.byteCount += BlobSize.onDisk(value: value.byteCount)
      return .next
    }
    take()
    try transaction.visit(tables.uses, prefix: prefix) { (key, value) in
      if let encoding = EncodingKey(key) {
        let use = Use(of: value, key: key)
        holdings[encoding]?.lastUse = use.time
        holdings[encoding]?.isArriving = use.isArriving
        holdings[encoding]?.joint = use.joint
      }
      return .next
    }
    var versions: [VersionRecord] = []
    try transaction.visit(tables.versions, prefix: prefix) { (key, value) throws(StoreError) in
      versions.append(try VersionRecord(record: value, key: key, in: .versions))
      return .next
    }
    var pinned: Set<VersionName> = []
    for version in versions {
      let key = VersionKey(namespace, version.name).bytes
      if try unsafe transaction.bytes(at: key.span.bytes, in: tables.pins) != nil { pinned.insert(version.name) }
    }
    self.holdings = holdings
    self.versions = versions
    self.pinned = pinned
  }

  /// Bytes of all blobs' pages.
  var byteCount: Int { holdings.values.reduce(0) { $0 + $1.byteCount } }

  /// A joint encoding and those in front of it, the last one first, as far as they are there.
  func chain(endingWith key: EncodingKey) -> [EncodingKey] {
    var chain: [EncodingKey] = []
    var key = key
    // Each is nearer to the front than the one before, whatever a record says.
    var depth = Int.max
    while let joint = holdings[key]?.joint, joint.depth < depth {
      chain.append(key)
      depth = joint.depth
      guard let previous = joint.previous else { break }
      key = EncodingKey(model: key.model, element: key.element, encoding: previous)
    }
    return chain
  }
}
