internal import FileSystem
internal import Glibc

/// What a store takes, and who uses it.
public struct StoreStatistics: Hashable, Codable, Sendable {
  /// Folder of the store.
  public let path: String
  /// Version of its format.
  public let format: Int
  /// Length of the database's file.
  public let fileByteCount: Int
  /// Bytes that the file takes on the disk; it may have holes.
  public let diskByteCount: Int
  /// Address space that each process reserves for the file.
  public let mapByteCount: Int
  /// Bytes in a page.
  public let pageByteCount: Int
  /// Pages of the file.
  public let pages: Int
  /// Pages that new blobs can take, now or once the readers of old commits are done.
  public let freePages: Int
  /// Number of the last commit.
  public let lastCommit: Int
  /// Snapshots that can be open at one time, over all processes.
  public let readerSlots: Int
  /// The snapshots that are open, this call's aside.
  public let readers: [Reader]
  /// Files in the folder for what is made of models and can be made again.
  public let preparedFiles: Int
  /// Bytes that these take.
  public let preparedByteCount: Int
  /// The tenants, by name.
  public let namespaces: [NamespaceStatistics]

  /// An open snapshot.
  public struct Reader: Hashable, Codable, Sendable {
    /// The process that has it; `nil` if it is in another container.
    public let process: Int32?
    /// The commit that it shows.
    public let commit: Int
  }
}

/// What a tenant takes.
public struct NamespaceStatistics: Hashable, Codable, Sendable {
  /// Its name.
  public let name: String
  /// Number of blobs: layers of encodings.
  public let blobs: Int
  /// Bytes of their pages.
  public let byteCount: Int
  /// Number of versions.
  public let versions: Int
  /// Number of versions that are pinned.
  public let pins: Int
}

extension StateStore {
  /// What the store takes, and who uses it: of all namespaces, for the store's owner.
  public func statistics() throws(StoreError) -> StoreStatistics {
    let environment = open.environment
    let snapshot = try Transaction(reading: environment)
    let information = environment.information
    let file = try open.folder.data()
    // Its own is among them.
    var readers = try environment.readers()
    if let own = readers.firstIndex(where: { $0.process == getpid() && $0.commit == snapshot.number }) {
      readers.remove(at: own)
    }
    var namespaces: [NamespaceStatistics] = []
    try snapshot.visit(open.tables.namespaces, prefix: RawSpan()) { (key, value) throws(StoreError) in
      guard let account = NamespaceAccount(record: value, key: key) else { return .next }
      namespaces.append(
        NamespaceStatistics(
          name: account.name, blobs: account.blobs, byteCount: account.byteCount,
          versions: try snapshot.count(open.tables.versions, prefix: key),
          pins: try snapshot.count(open.tables.pins, prefix: key)))
      return .next
    }
    let prepared = try DerivedFiles.find(in: open.folder)?.list() ?? []
    return StoreStatistics(
      path: path.description, format: StoreFolder.format, fileByteCount: file?.byteCount ?? 0,
      diskByteCount: file?.allocatedByteCount ?? 0, mapByteCount: environment.mapByteCount,
      pageByteCount: environment.pageByteCount, pages: information.pages, freePages: try snapshot.freePages(),
      lastCommit: information.lastCommit, readerSlots: information.readerSlots,
      readers: readers, preparedFiles: prepared.count,
      preparedByteCount: prepared.reduce(0) { $0 + $1.byteCount },
      namespaces: namespaces.sorted { $0.name < $1.name })
  }
}

extension Transaction {
  /// Number of entries whose keys begin with `prefix`.
  func count(_ table: Table, prefix: RawSpan) throws(StoreError) -> Int {
    var count = 0
    try visit(table, prefix: prefix) { (_, _) in
      count += 1
      return .next
    }
    return count
  }

  /// Number of pages that the list of free ones has. Each entry of it begins with how many it holds.
  func freePages() throws(StoreError) -> Int {
    var count = 0
    try visit(.free, prefix: RawSpan()) { (_, list) in
      // An entry cannot hold more pages than fit in its bytes, whatever its count says.
      let most = list.byteCount / 8 - 1
      if most > 0 { count += min(Int(clamping: list.integer(at: 0, as: UInt64.self)), most) }
      return .next
    }
    return count
  }
}
