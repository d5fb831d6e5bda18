internal import ContentHash
internal import Engine
internal import Store

/// Digests of files, kept in a store so that gigabytes are not read again.
///
/// Losing them costs time and nothing else, so a store that cannot be written to is no error here.
final class FingerprintMemory {
  private let store: StateStore?
  private let snapshot: Snapshot?
  private var added: [(key: String, value: [UInt8])] = []

  init(_ store: StateStore?) throws(PromptCacheError) {
    self.store = store
    snapshot = try withStoreErrors { () throws(StoreError) in try store?.snapshot() }
  }

  /// The digest of a file that has not changed since it was remembered.
  func digest(of file: FileBytes.Identity) -> SHA256Digest? {
    guard let value = try? snapshot?.memo(Self.key(file)) else { return nil }
    let fields = String(decoding: value, as: UTF8.self).split(separator: " ")
    guard fields.count == 2, fields[0] == Self.state(of: file) else { return nil }
    return SHA256Digest(hexadecimal: fields[1])
  }

  /// Notes a digest, to be kept by `save`.
  func remember(_ file: FileBytes.Identity, _ digest: SHA256Digest) {
    added.append((Self.key(file), Array("\(Self.state(of: file)) \(digest)".utf8)))
  }

  /// Keeps what was noted.
  func save() {
    guard let store, !added.isEmpty else { return }
    try? store.write { batch throws(StoreError) in
      for (key, value) in added { try batch.setMemo(key, value) }
    }
  }

  // By digest, since a path may be longer than a key.
  private static func key(_ file: FileBytes.Identity) -> String {
    unsafe "file \(SHA256Digest(of: file.path.bytes.span.bytes))"
  }

  private static func state(of file: FileBytes.Identity) -> String {
    "\(file.size)-\(file.modificationTime)-\(file.changeTime)-\(file.file.device)-\(file.file.inode)"
  }
}
