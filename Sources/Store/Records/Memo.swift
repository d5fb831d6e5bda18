internal import ContentHash

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
    let key = MemoKey(name, in: store.namespace)
    return try read { (transaction, tables) throws(StoreError) in
      let key = unsafe key.bytes.span.bytes
      guard let value = try transaction.bytes(at: key, in: tables.memos),
        let body = Record.body(of: value, key: key)
      else { return nil }
      var reader = RecordReader(body)
      // A memo's name is never shown, so it may have any length.
      guard reader.text(atMost: .max) == name else { return nil }
      return reader.bytes()
    }
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
