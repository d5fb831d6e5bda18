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

  /// Opens the store in the folder `path`. Unless `options.readOnly`, a missing one is created, for its owner alone.
  ///
  /// Handles on the same store share one environment, whatever paths they were opened by.
  ///
  /// - Throws: if there is no store and none can be made; if what is there is not a store, belongs to someone else, was
  ///   written by a newer program, or is cut off. Nothing is written then.
  public init(at path: FilePath, options: StoreOptions = .init()) throws(StoreError) {
    self.path = path
    self.options = options
    try StoredName.check(options.namespace)
    namespace = Namespace(options.namespace)
    open = try OpenStores.open(path, options)
  }

  deinit { OpenStores.close(open) }

  /// Whether the folder `path` holds a store.
  public static func exists(at path: FilePath) -> Bool { StoreFolder.holdsStore(path) }

  /// Whether the folder no longer holds this store: it was removed, or another one took its place.
  public var isReplaced: Bool { StoreFolder.identity(at: path) != open.identity }

  /// Length of the database's file in the folder `path`; `nil` where there is none.
  public static func fileByteCount(at path: FilePath) -> Int? { StoreFolder.fileByteCount(at: path) }

  /// The contents as they are now.
  public func snapshot() throws(StoreError) -> Snapshot { try Snapshot(of: self) }

  /// Runs `body` as the only writer, on this thread, and commits what it wrote; if it throws, nothing was written.
  ///
  /// A batch stays in this process's memory until the commit, so write large amounts in several batches. If another writer
  /// is at work, the call waits and tells `options.onWait`. `body` must not write to the store in any other way.
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
