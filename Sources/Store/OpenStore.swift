import Synchronization

/// A store that this process has open, shared by all handles on it.
final class OpenStore: Sendable {
  let folder: StoreFolder
  /// Which file the database is.
  let identity: FileStatus.Identity
  let access: AccessLock
  let environment: Environment
  let tables: Tables
  /// Blobs whose checksum this process found right.
  let verified = VerifiedBlobs()

  fileprivate init(_ folder: StoreFolder, _ options: StoreOptions) throws(StoreError) {
    self.folder = folder
    access = try AccessLock(folder.accessPath, folder: folder.path)
    do throws(StoreError) {
      environment = try Environment(
        at: folder.path, readOnly: access.isReadOnly, mapByteCount: options.addressSpace)
    } catch {
      access.close()
      throw error
    }
    do throws(StoreError) {
      try folder.checkLength(of: environment)
      environment.clearDeadReaders()
      tables = try Self.openTables(environment, access, options)
      guard let data = try folder.data() else { throw .noStore(path: folder.path) }
      identity = data.identity
    } catch {
      environment.close()
      access.close()
      throw error
    }
  }

  fileprivate func close() {
    environment.close()
    access.close()
  }

  private static func openTables(
    _ environment: Environment, _ access: AccessLock, _ options: StoreOptions
  ) throws(StoreError) -> Tables {
    let snapshot = try Transaction(reading: environment)
    if let tables = try Tables(existingIn: snapshot) {
      try snapshot.commit()
      return tables
    }
    guard !options.readOnly else { throw .noStore(path: environment.path) }
    return try access.asWriter(onWait: options.onWait) { () throws(StoreError) in
      let transaction = try Transaction(writing: environment)
      let tables = try Tables(creatingIn: transaction)
      try transaction.commit()
      return tables
    }
  }
}

/// The stores that this process has open: each once, whatever path leads to it.
///
/// LMDB's locks, and ours, belong to the process: a second environment of the same file would break them when either
/// is closed. So opening and closing go one at a time.
enum OpenStores {
  private struct Entry {
    let store: OpenStore
    var handles: Int
  }

  private static let entries = Mutex<[FileStatus.Identity: Entry]>([:])

  /// The store in the folder `path`. Each call wants one of `close`.
  static func open(_ path: String, _ options: StoreOptions) throws(StoreError) -> OpenStore {
    try entries.withLock { (entries) throws(StoreError) in
      let folder = options.readOnly ? try StoreFolder(existing: path) : try StoreFolder(creating: path)
      if let identity = try folder.data()?.identity, let entry = entries[identity] {
        guard options.readOnly || !entry.store.environment.isReadOnly else { throw .readOnly(path: path) }
        entries[identity]?.handles += 1
        return entry.store
      }
      let store = try OpenStore(folder, options)
      guard options.readOnly || !store.environment.isReadOnly else {
        store.close()
        throw .readOnly(path: path)
      }
      entries[store.identity] = Entry(store: store, handles: 1)
      return store
    }
  }

  /// Ends one handle's use of `store`; the last one closes it.
  static func close(_ store: OpenStore) {
    entries.withLock { entries in
      guard let entry = entries[store.identity] else { return }
      if entry.handles > 1 {
        entries[store.identity]?.handles -= 1
      } else {
        entries[store.identity] = nil
        store.close()
      }
    }
  }
}
