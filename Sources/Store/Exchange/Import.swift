internal import ContentHash
internal import FileSystem
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
  /// another one has it: then it becomes the newest. Under a limit, the least recently used encodings make room.
  ///
  /// - Parameter path: a file, or a folder, of `export`.
  /// - Parameter progress: called now and then with the part of the export that was read, and the bytes of states in it.
  /// - Throws: `StoreError.notAnExport`, `.otherExportFormat`, `.damagedExport`; `.storeFull`, `.namespaceFull`,
  ///   `.diskFull`.
  public func importVersions(
    from path: String, progress: ((_ fraction: Double, _ byteCount: Int) -> Void)? = nil
  ) throws(StoreError) -> ImportReport {
    guard !options.readOnly else { throw .readOnly(path: self.path.description) }
    guard let status = try storing(try FileStatus(of: FilePath(path))) else { throw .notAnExport(path: path) }
    return status.kind == .folder
      ? try take(ExportFolderReader(path), progress) : try take(ArchiveReader(path), progress)
  }

  /// Throws unless `path` is, by its start, an export: a folder or a file, as `isFolder` says.
  public static func checkExport(at path: String, isFolder: Bool) throws(StoreError) {
    guard let status = try storing(try FileStatus(of: FilePath(path))), (status.kind == .folder) == isFolder else {
      throw .notAnExport(path: path)
    }
    if isFolder { _ = try ExportFolderReader(path) } else { _ = try ArchiveReader(path) }
  }

  private func take(
    _ source: some ImportSource, _ progress: ((Double, Int) -> Void)?
  ) throws(StoreError) -> ImportReport {
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
  /// How much of it was read, from 0 to 1.
  var fraction: Double { get }
}

/// One thing of an export.
enum ImportItem {
  /// An encoding, whose layers come next from the source.
  case states(StatesFile, any ByteSource)
  case version(VersionFile)
}

/// Takes an export in, in commits of bounded size. What goes into one is read and checked before others have to wait.
private final class Importer {
  /// A layer that is what was written.
  private struct Layer {
    let key: BlobKey
    let layout: KVBlobLayout
    let payload: [UInt8]
  }

  private let store: StateStore
  private let source: any ImportSource
  private let progress: ((Double, Int) -> Void)?
  private var report = ImportReport()
  private var versions: [VersionFile] = []
  private var added: [EncodingKey] = []
  /// What came in or was there, and must not make room for the rest.
  private var kept: Set<EncodingKey> = []
  private var byteCountRead = 0
  private var isAtEnd = false
  /// The encoding whose layers are being read, and the next of them.
  private var current: (file: StatesFile, source: any ByteSource, layer: Int)?

  init(into store: StateStore, _ source: some ImportSource, _ progress: ((Double, Int) -> Void)?) {
    self.store = store
    self.source = source
    self.progress = progress
  }

  func run() throws(StoreError) -> ImportReport {
    while true {
      let layers = try gather()
      guard !layers.isEmpty else { break }
      var pages = 0
      for layer in layers { pages += try store.byteCountOnDisk(of: layer.layout) }
      try store.write(makingRoomFor: pages, keeping: kept) { (batch) throws(StoreError) in
        for layer in layers { try batch.put(layer.key, layout: layer.layout) { $0.copy(layer.payload) } }
      }
      progress?(source.fraction, byteCountRead)
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

  /// Removes what was brought, but for what a version needs by now.
  func undo() throws(StoreError) {
    try store.write { (batch) throws(StoreError) in
      var needed: Set<EncodingKey> = []
      for version in try store.snapshot().versions() { needed.formUnion(version.encodingKeys) }
      for key in added where !needed.contains(key) { try batch.remove(key) }
    }
  }

  /// Reads on, up to the layers of one commit; none at the end.
  private func gather() throws(StoreError) -> [Layer] {
    var layers: [Layer] = []
    var byteCount = 0
    while byteCount < store.options.importCommitByteCount, !isAtEnd {
      if let (file, source, number) = current {
        let payload = try read(file.layout.byteCount, file.hashes[number], in: source)
        layers.append(Layer(key: BlobKey(file.key, layer: number), layout: file.layout, payload: payload))
        byteCount += payload.count
        report.byteCount += payload.count
        current = number + 1 < file.hashes.count ? (file, source, number + 1) : nil
      } else if let item = try source.next() {
        try take(item)
      } else {
        isAtEnd = true
      }
    }
    return layers
  }

  private func take(_ item: ImportItem) throws(StoreError) {
    switch item {
    case .states(let file, let source):
      kept.insert(file.key)
      if try isWhole(file) {
        report.presentEncodings += 1
        for hash in file.hashes { _ = try read(file.layout.byteCount, hash, in: source) }
      } else {
        added.append(file.key)
        report.encodings += 1
        current = (file, source, 0)
      }
    case .version(let version):
      versions.append(version)
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

  /// Reads a layer, and checks it, wanted or not.
  private func read(
    _ byteCount: Int, _ hash: SHA256Digest, in source: any ByteSource
  ) throws(StoreError) -> [UInt8] {
    let bytes = try source.read(byteCount)
    guard unsafe SHA256Digest(of: bytes.span.bytes) == hash else {
      throw source.damaged("a layer of an encoding is not what was written")
    }
    byteCountRead += byteCount
    return bytes
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
