internal import ContentHash
internal import KVCacheFormat

/// What an import brought.
public struct ImportReport: Hashable, Codable, Sendable {
  /// The versions that are new in the store, as they are called there.
  public internal(set) var versions: [VersionName] = []
  /// Versions that were there already.
  public internal(set) var presentVersions = 0
  /// Encodings that are new in the store.
  public internal(set) var encodings = 0
  /// Encodings that were there already, and whole.
  public internal(set) var presentEncodings = 0
  /// Bytes of the new encodings' states.
  public internal(set) var byteCount = 0
}

extension StateStore {
  /// Takes in the versions of an export: a file or a folder.
  ///
  /// Everything is checked against its hash before it is kept. The versions become visible in one commit at the end; if
  /// something is wrong, none do, and what was brought for them is removed again. A version keeps its number, unless
  /// another one has it: then it becomes the newest.
  ///
  /// - Parameter progress: called now and then with the bytes of states read.
  /// - Throws: `StoreError.notAnExport`, `.otherExportFormat`, `.damagedExport`.
  public func importVersions(
    from path: String, progress: ((_ byteCount: Int) -> Void)? = nil
  ) throws(StoreError) -> ImportReport {
    guard !options.readOnly else { throw .readOnly(path: self.path) }
    guard let status = try FileStatus(path: path) else { throw .notAnExport(path: path) }
    return status.isFolder
      ? try take(ExportFolderReader(path), progress) : try take(ArchiveReader(path), progress)
  }

  private func take(_ source: some ImportSource, _ progress: ((Int) -> Void)?) throws(StoreError) -> ImportReport {
    let lease = try leaseForWarming()
    defer { withExtendedLifetime(lease) {} }
    let importer = Importer(into: self, source, progress)
    do throws(StoreError) {
      return try importer.run()
    } catch {
      try? importer.undo()
      throw error
    }
  }
}

/// Where an import comes from.
protocol ImportSource: AnyObject {
  /// The next thing, or `nil` at the end. What belongs to the last one was read.
  func next() throws(StoreError) -> ImportItem?
}

/// One thing of an export.
enum ImportItem {
  /// An encoding, whose layers come next from the source.
  case states(StatesFile, any ByteSource)
  case version(VersionFile)
}

/// Takes an export in, in commits of bounded size.
private final class Importer {
  private static let commitByteCount = 64 << 20

  private let store: StateStore
  private let source: any ImportSource
  private let progress: ((Int) -> Void)?
  private var report = ImportReport()
  private var versions: [VersionFile] = []
  private var added: [EncodingKey] = []
  private var byteCountRead = 0
  /// The encoding whose layers are being read, and the next of them.
  private var current: (file: StatesFile, source: any ByteSource, layer: Int)?

  init(into store: StateStore, _ source: some ImportSource, _ progress: ((Int) -> Void)?) {
    self.store = store
    self.source = source
    self.progress = progress
  }

  func run() throws(StoreError) -> ImportReport {
    var isAtEnd = false
    while !isAtEnd {
      try store.write { (batch) throws(StoreError) in
        while !isAtEnd, batch.byteCount < Self.commitByteCount { isAtEnd = try !step(batch) }
      }
      progress?(byteCountRead)
    }
    try store.write { (batch) throws(StoreError) in
      for file in versions.sorted(by: { $0.version.name < $1.version.name }) {
        if let name = try batch.takeIn(file.version) {
          report.versions.append(name)
        } else {
          report.presentVersions += 1
        }
      }
    }
    return report
  }

  /// Removes what was brought.
  func undo() throws(StoreError) {
    try store.write { (batch) throws(StoreError) in
      for key in added { try batch.remove(key) }
    }
  }

  /// Takes one layer or version in.
  ///
  /// - Returns: whether there was one.
  private func step(_ batch: borrowing WriteBatch) throws(StoreError) -> Bool {
    if let (file, source, layer) = current {
      try batch.put(BlobKey(file.key, layer: layer), layout: file.layout) { (payload) throws(StoreError) in
        try source.fill(&payload)
        guard SHA256Digest(of: payload.bytes) == file.hashes[layer] else {
          throw source.damaged("layer \(layer) of encoding \(file.key.encoding) is not what was written")
        }
      }
      byteCountRead += file.layout.byteCount
      report.byteCount += file.layout.byteCount
      current = layer + 1 < file.hashes.count ? (file, source, layer + 1) : nil
      return true
    }
    switch try source.next() {
    case .states(let file, let source):
      if try isWhole(file) {
        report.presentEncodings += 1
        for hash in file.hashes { try skip(file.layout.byteCount, hash, in: source) }
      } else {
        added.append(file.key)
        report.encodings += 1
        current = (file, source, 0)
      }
      return true
    case .version(let version):
      versions.append(version)
      return true
    case nil:
      return false
    }
  }

  /// Whether the store has the encoding of `file`, undamaged.
  private func isWhole(_ file: StatesFile) throws(StoreError) -> Bool {
    do throws(StoreError) {
      return try store.snapshot().blobs(of: file.key, expecting: file.layout) != nil
    } catch .unusableBlob {
      return false
    }
  }

  /// Reads a layer that is not wanted, and checks it all the same.
  private func skip(_ byteCount: Int, _ hash: SHA256Digest, in source: any ByteSource) throws(StoreError) {
    let bytes = try source.read(byteCount)
    guard unsafe SHA256Digest(of: bytes.span.bytes) == hash else {
      throw source.damaged("a layer is not what was written")
    }
    byteCountRead += byteCount
  }
}

extension WriteBatch {
  /// Records a version that was made elsewhere, with its own number if that is free or has the same content.
  ///
  /// - Returns: what it is called here; `nil` if it was there.
  fileprivate func takeIn(_ version: VersionRecord) throws(StoreError) -> VersionName? {
    try checkEncodings(of: version)
    let key = VersionKey(store.namespace, version.name).bytes
    if let record = try unsafe transaction.bytes(at: key.span.bytes, in: tables.versions),
      let found = unsafe VersionRecord(record: record, key: key.span.bytes)
    {
      if found.hasSameContent(as: version) { return nil }
      let (newest, lastNumber) = try newestVersion(model: version.model, schema: version.schema)
      if let newest, newest.hasSameContent(as: version) { return nil }
      let renumbered = version.numbered(lastNumber + 1)
      try put(renumbered)
      return renumbered.name
    }
    try put(version)
    return version.name
  }
}
