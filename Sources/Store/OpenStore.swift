internal import FileSystem
internal import Glibc
import Synchronization

/// A store that this process has open, shared by all handles on it.
final class OpenStore: Sendable {
  let folder: StoreFolder
  /// Which file the database is: what makes two paths one store.
  var identity: FileStatus.Identity { environment.identity }
  let access: AccessLock
  let environment: Environment
  let tables: Tables
  /// Blobs whose checksum this process found right.
  let verified = VerifiedBlobs()
  /// Encodings that were lent, and whose use is not recorded yet.
  let uses = UseLog()
  /// Where the map begins.
  private let mapStart: UInt

  fileprivate init(_ folder: StoreFolder, _ options: StoreOptions) throws(StoreError) {
    self.folder = folder
    access = try AccessLock(in: folder)
    do throws(StoreError) {
      environment = try Environment(
        in: folder.folder, access: access, map: MapLimit(byteCount: options.addressSpace, smaller: options.maximumBytes)
      )
    } catch {
      access.close()
      throw error
    }
    do throws(StoreError) {
      if !options.readOnly, !access.isReadOnly { try folder.removeLeftovers() }
      try folder.checkLength(of: environment)
      try folder.checkMainTree(of: environment)
      environment.clearDeadReaders()
      tables = try Self.openTables(environment, access, options, folder)
      mapStart = try folder.mapStart(of: environment)
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

  /// Rewrites the header of the pages of `value` if it is wrong. The caller is the writer.
  func mendRunHeader(of value: MapRange) throws(StoreError) {
    let map = mapStart..<mapStart + UInt(environment.mapByteCount)
    // Elsewhere lies what this transaction wrote.
    guard map.contains(value.address) else { return }
    let header = RunHeader(of: value, mapStart: mapStart, pageByteCount: environment.pageByteCount)
    guard !header.isRight else { return }
    let file = try folder.folder.openOwn(StoreFolder.dataName, .writing)
    try storing(try file.write(header.bytes, at: header.offset))
  }

  private static func openTables(
    _ environment: Environment, _ access: AccessLock, _ options: StoreOptions, _ folder: StoreFolder
  ) throws(StoreError) -> Tables {
    var snapshot = try Transaction(reading: environment)
    let existing = try Tables(existingIn: snapshot)
    if let tables = existing, tables.areComplete || options.readOnly || environment.isReadOnly {
      try snapshot.commit()
      return tables
    }
    // Of this snapshot: another process may be making the tables meanwhile.
    let entries = try snapshot.size(of: .main).entries
    guard existing != nil || entries == 0 else {
      throw .damagedTree(path: environment.path.description, operation: "opening the tables")
    }
    guard !options.readOnly else { throw .noStore(path: environment.path.description) }
    snapshot.end()
    return try access.asWriter(onWait: options.onWait) { () throws(StoreError) in
      var transaction = try Transaction(writing: environment)
      let tables = try Tables(creatingIn: transaction)
      try transaction.commit()
      try storing(try folder.folder.synchronize())
      return tables
    }
  }
}

/// The stores that this process has open: each once, whatever path leads to it.
///
/// LMDB's locks, and ours, belong to the process: a second environment of the same file would break them as soon as
/// either is closed. So stores are opened and closed one at a time.
enum OpenStores {
  private struct Entry {
    let store: OpenStore
    var handles: Int
  }

  private static let entries = Mutex<[FileStatus.Identity: Entry]>([:])

  /// The store in the folder `path`. Each call must be matched by one of `close`.
  static func open(_ path: FilePath, _ options: StoreOptions) throws(StoreError) -> OpenStore {
    try entries.withLock { (entries) throws(StoreError) in
      let folder = options.readOnly ? try StoreFolder(existing: path) : try StoreFolder(creating: path)
      if let identity = try folder.data()?.identity, let entry = entries[identity] {
        guard options.readOnly || !entry.store.environment.isReadOnly else { throw .readOnly(path: path.description) }
        entries[identity]?.handles += 1
        return entry.store
      }
      let store = try OpenStore(folder, options)
      guard options.readOnly || !store.environment.isReadOnly else {
        store.close()
        throw .readOnly(path: path.description)
      }
      entries[store.identity] = Entry(store: store, handles: 1)
      return store
    }
  }

  /// Runs `body` while nobody, in this process or another, has the store in the folder `path` open.
  static func whileClosed<R>(
    _ path: FilePath, _ body: (StoreFolder) throws(StoreError) -> sending R
  ) throws(StoreError) -> sending R {
    try entries.withLock { (entries) throws(StoreError) in
      let folder = try StoreFolder(existing: path)
      if let identity = try folder.data()?.identity, entries[identity] != nil {
        throw .inUse(path: path.description, process: getpid())
      }
      let access = try AccessLock(in: folder)
      defer { access.close() }
      guard !access.isReadOnly else { throw .readOnly(path: path.description) }
      try access.excludeAll()
      return try body(folder)
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
