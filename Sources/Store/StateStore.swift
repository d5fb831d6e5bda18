public import FileSystem

/// A store of attention states: blobs by digest, numbered versions, small records. One LMDB environment in a folder.
///
/// Any number of processes and threads may read while one writes. Readers work on a `Snapshot`, which never changes;
/// a writer's changes become visible all at once when it is done. It knows nothing of what the bytes mean.
public final class StateStore: Sendable {
  /// Folder of the store.
  public let path: FilePath
  /// How this handle was opened.
  public let options: StoreOptions
  let namespace: Namespace
  let open: OpenStore

  /// Opens the store in the folder `path`, and creates it, for its owner alone, unless `options.readOnly`.
  ///
  /// Handles on the same store share one environment.
  ///
  /// - Throws: if there is no store and none can be made, if what is there is not a store, belongs to someone else, was
  ///   written by a newer program, or is cut off. Nothing is written then.
  public init(at path: FilePath, options: StoreOptions = .init()) throws(StoreError) {
    self.path = path
    self.options = options
    namespace = Namespace(options.namespace)
    open = try OpenStores.open(path, options)
  }

  deinit { OpenStores.close(open) }

  /// Whether the folder `path` holds a store.
  public static func exists(at path: FilePath) -> Bool { StoreFolder.holdsStore(path) }

  /// The contents as they are now.
  public func snapshot() throws(StoreError) -> Snapshot { try Snapshot(of: self) }

  /// Runs `body` as the only writer, on this thread, and commits what it wrote; if it throws, nothing was written.
  ///
  /// What a batch puts stays in this process's memory until the commit, so write much in several batches. A writer
  /// elsewhere is waited for, which `options.onWait` hears of. `body` must not write to the store in another way.
  @discardableResult
  public func write<R>(_ body: (borrowing WriteBatch) throws(StoreError) -> R) throws(StoreError) -> R {
    guard !options.readOnly else { throw .readOnly(path: path.description) }
    return try open.access.asWriter(onWait: options.onWait) { () throws(StoreError) in try commit(body) }
  }

  /// Runs `body` in one transaction. The caller holds the writer lock.
  func commit<R>(_ body: (borrowing WriteBatch) throws(StoreError) -> R) throws(StoreError) -> R {
    var batch = try WriteBatch(to: self)
    let result = try body(batch)
    try batch.commit()
    try open.folder.extendToLength(of: open.environment)
    return result
  }
}
