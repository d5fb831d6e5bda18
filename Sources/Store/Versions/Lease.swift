internal import ContentHash

/// Tells all processes that something in the store is in use, until this object or its process ends.
public final class Lease: Sendable {
  private let store: StateStore
  private let key: [UInt8]

  init(_ store: StateStore, _ key: [UInt8]) throws(StoreError) {
    self.store = store
    self.key = key
    try unsafe store.open.access.hold(key.span.bytes)
  }

  deinit {
    let key = key
    unsafe store.open.access.release(key.span.bytes)
  }
}

extension StateStore {
  /// Says that `version` is in use: while the lease lives, in this process or another, it and its encodings are kept.
  ///
  /// A snapshot alone keeps what it shows readable; a lease keeps it for the next snapshot.
  public func lease(_ version: VersionName) throws(StoreError) -> Lease {
    try Lease(self, VersionKey(namespace, version).bytes)
  }

  /// Says that a joint encoding, and with it those in front of it, are in use: while the lease lives they are kept.
  public func lease(joint key: EncodingKey) throws(StoreError) -> Lease { try Lease(self, leaseKey(ofJoint: key)) }

  /// Whether an answer in any process uses the chain that ends with a joint encoding.
  func isLeased(joint key: EncodingKey) -> Bool {
    unsafe open.access.isHeld(leaseKey(ofJoint: key).span.bytes)
  }

  /// Prevents anyone from beginning to use the chain that ends with a joint encoding until `readmit`. The caller is the
  /// writer.
  ///
  /// - Returns: `false` if somebody uses it.
  func excludeLeases(ofJoint key: EncodingKey) -> Bool {
    unsafe open.access.exclude(leaseKey(ofJoint: key).span.bytes)
  }

  private func leaseKey(ofJoint key: EncodingKey) -> [UInt8] {
    BlobKeyBytes(BlobKey(key, layer: 0), in: namespace).encodingSpan.array
  }

  /// Says that a version is about to be recorded: while the lease lives, encodings that no version needs are kept. Take it
  /// before looking up which are there.
  public func leaseForWarming() throws(StoreError) -> Lease { try Lease(self, warmingKey) }

  /// Whether `version` is in use in any process.
  func isLeased(_ version: VersionName) -> Bool {
    unsafe open.access.isHeld(VersionKey(namespace, version).bytes.span.bytes)
  }

  /// Prevents anyone from beginning to use `version` until `readmit`. The caller is the writer.
  ///
  /// - Returns: `false` if somebody uses it.
  func excludeLeases(of version: VersionName) -> Bool {
    unsafe open.access.exclude(VersionKey(namespace, version).bytes.span.bytes)
  }

  /// The same for warming.
  func excludeWarming() -> Bool { unsafe open.access.exclude(warmingKey.span.bytes) }

  /// Whether any process is warming a schema of this namespace.
  var isWarming: Bool { unsafe open.access.isHeld(warmingKey.span.bytes) }

  private var warmingKey: [UInt8] { namespace.tag.bytes + Array("warming".utf8) }
}

extension Snapshot {
  /// Says that a joint encoding of the store, and with it those in front of it, are in use (`StateStore.lease(joint:)`).
  public func lease(joint key: EncodingKey) throws(StoreError) -> Lease { try store.lease(joint: key) }
}
