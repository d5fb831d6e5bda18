public import ContentHash

extension Snapshot {
  /// The version of `schema` for `model` that was recorded last, or `nil` if there is none.
  public func newestVersion(model: SHA256Digest, schema: String) throws(StoreError) -> VersionRecord? {
    let prefix = VersionKey(store.namespace, model: model, schema: schema).bytes
    return try read { (transaction, tables) throws(StoreError) in
      try unsafe transaction.last(tables.versions, prefix: prefix.span.bytes) { (key, value) throws(StoreError) in
        try VersionRecord(record: value, key: key, in: .versions)
      }
    }
  }

  /// All versions of `schema` for `model`, oldest first.
  public func versions(model: SHA256Digest, schema: String) throws(StoreError) -> [VersionRecord] {
    try versions(with: VersionKey(store.namespace, model: model, schema: schema))
  }

  /// All versions, by model, schema and number.
  public func versions() throws(StoreError) -> [VersionRecord] {
    try versions(with: VersionKey(store.namespace)).sorted {
      ($0.model, $0.schema, $0.number) < ($1.model, $1.schema, $1.number)
    }
  }

  /// Names of the schemas that have a version for `model`, in order.
  public func schemas(model: SHA256Digest) throws(StoreError) -> [String] {
    try versions(with: VersionKey(store.namespace, model: model), oneForEach: VersionKey.schemaByteCount)
      .map(\.schema).sorted()
  }

  /// Fingerprints of the models that some schema has a version for, in order.
  public func models() throws(StoreError) -> [SHA256Digest] {
    try versions(with: VersionKey(store.namespace), oneForEach: VersionKey.modelByteCount).map(\.model)
  }

  /// The versions whose keys begin with `prefix`, or the first for each different start of `distinct` bytes.
  private func versions(
    with prefix: VersionKey, oneForEach distinct: Int? = nil
  ) throws(StoreError) -> [VersionRecord] {
    try read { (transaction, tables) throws(StoreError) in
      var found: [VersionRecord] = []
      let prefix = unsafe prefix.bytes.span.bytes
      try transaction.visit(tables.versions, prefix: prefix) { (key, value) throws(StoreError) in
        found.append(try VersionRecord(record: value, key: key, in: .versions))
        guard let distinct else { return .next }
        return key.extracting(first: distinct).successor.map { .skip(to: $0) } ?? .stop
      }
      return found
    }
  }
}

extension Snapshot {
  /// Whether there is a version of this name.
  public func contains(_ version: VersionName) throws(StoreError) -> Bool {
    let key = VersionKey(store.namespace, version).bytes
    return try read { (transaction, tables) throws(StoreError) in
      try unsafe transaction.bytes(at: key.span.bytes, in: tables.versions) != nil
    }
  }

  /// How many layers of an encoding are there, from 0 on without a gap. Their bytes are not looked at.
  public func layerCount(of key: EncodingKey) throws(StoreError) -> Int {
    let namespace = store.namespace
    return try read { (transaction, tables) throws(StoreError) in try transaction.layers(of: key, namespace, tables) }
  }
}
