public import KVCacheFormat
import Synchronization

/// The store's contents at one instant: all that was committed before, nothing that is committed after.
///
/// It lasts until the last reference to it, or to a `Blob` that it lent, is gone. While it lasts, the space of what
/// others replace or remove is not used again, so hold one for a request, not for a day.
public final class Snapshot: Sendable {
  let store: StateStore
  var environment: Environment { store.open.environment }
  private let transaction: Mutex<Transaction>

  init(of store: StateStore) throws(StoreError) {
    self.store = store
    transaction = Mutex(try Transaction(reading: store.open.environment))
  }

  // Before the store goes, which may close the environment.
  deinit { transaction.withLock { $0.end() } }

  /// Runs `body` in the transaction, which one thread uses at a time.
  func read<R>(_ body: (borrowing Transaction, Tables) throws(StoreError) -> sending R) throws(StoreError) -> sending R
  {
    let tables = store.open.tables
    return try transaction.withLock { (transaction) throws(StoreError) in
      try body(transaction, tables)
    }
  }
}

// MARK: - Blobs

extension Snapshot {
  /// Whether there is a blob at `key`. Looks at the index alone, not at the blob.
  public func contains(_ key: BlobKey) throws(StoreError) -> Bool {
    let bytes = BlobKeyBytes(key, in: store.namespace)
    return try read { (transaction, tables) throws(StoreError) in
      try transaction.bytes(at: bytes.span, in: tables.blobs) != nil
    }
  }

  /// The blob at `key`, or `nil` if there is none.
  ///
  /// Its header is checked against `key` and `layout` each time, its checksum when this process first lends it.
  ///
  /// - Throws: `StoreError.unusableBlob` if it is not what `layout` says, or not what was written.
  public func blob(_ key: BlobKey, expecting layout: KVBlobLayout) throws(StoreError) -> Blob? {
    let bytes = BlobKeyBytes(key, in: store.namespace)
    let range: MapRange? = try read { (transaction, tables) throws(StoreError) in
      guard let value = try transaction.bytes(at: bytes.span, in: tables.blobs) else { return nil }
      return MapRange(of: value)
    }
    guard let range else { return nil }
    do throws(BlobDefect) {
      return try lend(range, key: bytes, layer: key.layer, expecting: layout)
    } catch {
      throw .unusableBlob(key, error)
    }
  }

  /// The blob in `range` of the map, once it is found to be right.
  private func lend(
    _ range: MapRange, key: borrowing BlobKeyBytes, layer: Int, expecting layout: KVBlobLayout
  ) throws(BlobDefect) -> Blob {
    let value = unsafe _overrideLifetime(range.bytes, borrowing: self)
    let header = try BlobHeader(of: value)
    try header.check(layout, byteCount: value.byteCount, key: key, layer: layer)
    if store.options.verifyOnFirstUse, !store.open.verified.contains(header.checksum, at: range) {
      let found = BlobHeader.checksum(of: value, key: key)
      guard found == header.checksum else { throw .checksum(found: found, expected: header.checksum) }
      store.open.verified.insert(header.checksum, at: range)
    }
    return Blob(layout, in: range.part(from: BlobHeader.byteCount, count: layout.byteCount), of: self)
  }
}
