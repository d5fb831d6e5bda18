public import ContentHash

/// Small values by name: what is worth remembering and can be found out again.
///
/// The key is the namespace and the digest of the name; the record holds the name, then the value.
struct MemoKey {
  let bytes: [UInt8]

  init(_ name: String, in namespace: Namespace) {
    bytes = namespace.tag.bytes + SHA256Digest(of: name).bytes
  }
}

extension Snapshot {
  /// What was remembered under `name`; `nil` too if the record is damaged.
  public func memo(_ name: String) throws(StoreError) -> [UInt8]? {
    let namespace = store.namespace
    return try read { (transaction, tables) throws(StoreError) in try transaction.memo(name, namespace, tables) }
  }
}

extension Transaction {
  fileprivate func memo(_ name: String, _ namespace: Namespace, _ tables: Tables) throws(StoreError) -> [UInt8]? {
    let key = MemoKey(name, in: namespace)
    let bytes = unsafe key.bytes.span.bytes
    guard let value = try self.bytes(at: bytes, in: tables.memos), let body = Record.body(of: value, key: bytes) else {
      return nil
    }
    var reader = RecordReader(body)
    // A memo's name is never shown, so it may have any length.
    guard reader.text(atMost: .max) == name else { return nil }
    return reader.bytes()
  }
}

extension WriteBatch {
  /// Remembers `value` under `name`, in place of what is there.
  public func setMemo(_ name: String, _ value: [UInt8]) throws(StoreError) {
    let key = MemoKey(name, in: store.namespace)
    var writer = RecordWriter()
    writer.append(name)
    writer.append(value)
    let record = unsafe Record.sealed(writer.bytes, key: key.bytes.span.bytes)
    try unsafe transaction.put(record.span.bytes, at: key.bytes.span.bytes, in: tables.memos)
  }
}

// MARK: - Names of models

extension Snapshot {
  /// What a model was called when it was used here last; `nil` if nothing is known of it.
  public func modelName(of model: SHA256Digest) throws(StoreError) -> String? {
    try memo(modelNameMemo(model)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// What people call these models; those that the store does not know are left out.
  func modelNames(of models: Set<SHA256Digest>) throws(StoreError) -> [SHA256Digest: String] {
    var names: [SHA256Digest: String] = [:]
    for model in models { names[model] = try modelName(of: model) }
    return names
  }
}

extension WriteBatch {
  /// Remembers what a model is called, for people. Writes nothing if that is known.
  public func setModelName(_ model: SHA256Digest, _ name: String) throws(StoreError) {
    let memo = modelNameMemo(model)
    let value = Array(StoredName.clipped(name).utf8)
    guard try transaction.memo(memo, store.namespace, tables) != value else { return }
    try setMemo(memo, value)
  }
}

private func modelNameMemo(_ model: SHA256Digest) -> String { "model name \(model)" }

// MARK: - Notes of versions

extension Snapshot {
  /// What was noted about a version; `nil` if nothing was. An export does not bring it along.
  public func note(of version: VersionName) throws(StoreError) -> [UInt8]? { try memo(noteMemo(version)) }
}

extension WriteBatch {
  /// Notes something about a version, in place of what was noted; it goes with the version. Writes nothing if that is there.
  public func setNote(of version: VersionName, _ note: [UInt8]) throws(StoreError) {
    let memo = noteMemo(version)
    guard try transaction.memo(memo, store.namespace, tables) != note else { return }
    try setMemo(memo, note)
  }

  /// Removes what was noted about a version.
  func removeNote(of version: VersionName) throws(StoreError) {
    let key = MemoKey(noteMemo(version), in: store.namespace)
    try unsafe transaction.remove(key.bytes.span.bytes, in: tables.memos)
  }
}

private func noteMemo(_ version: VersionName) -> String { "note \(version.model) \(version.number) \(version.schema)" }
