internal import ContentHash
public import FileSystem
internal import KVCacheFormat

/// What an export wrote.
public struct ExportReport: Hashable, Codable, Sendable {
  /// The versions that the export holds now, of those asked for.
  public internal(set) var versions: [VersionName] = []
  /// Encodings written.
  public internal(set) var encodings = 0
  /// Encodings that were there already.
  public internal(set) var present = 0
  /// Bytes of files written, before compression.
  public internal(set) var byteCount = 0
}

extension StateStore {
  /// Writes versions, with all that they need, into one compressed file, which comes to be all at once.
  ///
  /// - Parameters:
  ///   - path: the file to write; or a pipe, a device, or `-` for standard output, which are written to as they stand.
  ///   - versions: all of this namespace, if left out.
  ///   - replacing: whether a file that is there may be replaced.
  ///   - progress: called after each encoding with how many are done, and of how many.
  /// - Throws: `StoreError.exists`; `.noVersion`, `.missingEncodings`, `.unusableBlob`: nothing damaged is passed on.
  public func export(
    _ versions: [VersionName]? = nil, toFile path: FilePath, replacing: Bool = false,
    progress: ((_ done: Int, _ total: Int) -> Void)? = nil
  ) throws(StoreError) -> ExportReport {
    if !path.isStandardStream, let found = try storing(try FileStatus(of: path)) {
      guard found.kind != .folder, found.kind != .regular || replacing else { throw .exists(path: path.description) }
    }
    // What cannot be exported is found out before a pipe's reader gets anything.
    let export = try VersionExport(of: self, versions, progress)
    let archive = try ArchiveWriter(path)
    let report = try export.write(to: archive)
    try archive.finish()
    return report
  }

  /// Writes versions, with all that they need, as files in a folder that any tool can copy.
  ///
  /// The files are named by their contents and never change, so what is there already is not written again. A version's
  /// own file comes last: wherever it is, all that it needs is, or is on its way before it.
  ///
  /// The parameters and errors are those of `export(_:toFile:progress:)`.
  public func export(
    _ versions: [VersionName]? = nil, toFolder path: FilePath, progress: ((_ done: Int, _ total: Int) -> Void)? = nil
  ) throws(StoreError) -> ExportReport {
    try VersionExport(of: self, versions, progress).write(to: ExportFolder(path, creating: true))
  }
}

/// Versions of one snapshot, to be written.
private struct VersionExport {
  private let snapshot: Snapshot
  private let versions: [VersionRecord]
  private let progress: ((Int, Int) -> Void)?

  init(
    of store: StateStore, _ names: [VersionName]?, _ progress: ((Int, Int) -> Void)?
  ) throws(StoreError) {
    snapshot = try store.snapshot()
    versions = try snapshot.versions(called: names)
    self.progress = progress
    for version in versions {
      let missing = try snapshot.missing(of: version)
      guard missing == 0 else { throw .missingEncodings(schema: version.schema, count: missing) }
    }
  }

  func write(to destination: some ExportDestination) throws(StoreError) -> ExportReport {
    let total = versions.reduce(0) { $0 + $1.encodings.count }
    var report = ExportReport()
    for version in versions {
      var files: [SHA256Digest] = []
      for key in version.encodingKeys {
        if let name = destination.name(of: key) {
          report.present += 1
          files.append(name)
        } else {
          guard let blobs = try snapshot.wholeBlobs(of: key) else {
            throw .missingEncodings(schema: version.schema, count: 1)
          }
          let file = StatesFile(key, blobs)
          try destination.put(file, blobs)
          report.encodings += 1
          report.byteCount += file.byteCount
          files.append(file.name)
        }
        progress?(report.present + report.encodings, total)
      }
      for document in version.libraries.lazy.flatMap(\.documents) where !destination.hasText(document.content) {
        guard let runs = try snapshot.documentText(document.content) else {
          throw .missingTexts(schema: version.schema, count: 1)
        }
        try destination.put(TextFile(content: document.content, runs: runs))
      }
      try destination.put(VersionFile(version: version, files: files))
      report.versions.append(version.name)
    }
    return report
  }
}

/// Where an export goes.
protocol ExportDestination: AnyObject {
  /// Name of the file that holds an encoding, if it is there.
  func name(of key: EncodingKey) -> SHA256Digest?
  func put(_ file: StatesFile, _ blobs: [Blob]) throws(StoreError)
  /// Whether it has what a document says.
  func hasText(_ content: SHA256Digest) -> Bool
  func put(_ file: TextFile) throws(StoreError)
  func put(_ file: VersionFile) throws(StoreError)
}

extension Snapshot {
  /// The versions called `names`, or all, by model, schema and number.
  package func versions(called names: [VersionName]?) throws(StoreError) -> [VersionRecord] {
    let all = try versions()
    guard let names else { return all }
    let wanted = Set(names)
    let found = all.filter { wanted.contains($0.name) }
    if let missing = wanted.subtracting(found.map(\.name)).min() { throw .noVersion(missing) }
    return found
  }

  /// How many encodings of `version` are not there.
  fileprivate func missing(of version: VersionRecord) throws(StoreError) -> Int {
    var count = 0
    for key in version.encodingKeys where try !contains(key, layers: 1) { count += 1 }
    return count
  }

  /// The blobs of an encoding in the layouts that they say themselves, all of it checked; `nil` if there is none.
  func wholeBlobs(of key: EncodingKey) throws(StoreError) -> [Blob]? {
    let namespace = store.namespace
    let layers = try read { (transaction, tables) throws(StoreError) in
      try transaction.layers(of: key, namespace, tables)
    }
    var bytes = BlobKeyBytes(BlobKey(key, layer: 0), in: namespace)
    let ranges = try lend(bytes, count: layers)
    guard layers > 0, ranges.count == layers else { return nil }
    store.open.uses.note(key, in: namespace, at: secondsSince1970())
    var blobs: [Blob] = []
    for (layer, range) in ranges.enumerated() {
      do throws(BlobDefect) {
        let value = unsafe range.bytes
        let header = try BlobHeader(of: value)
        try header.check(value, key: bytes.span)
        guard let one = header.layout else { throw .notABlob }
        let shape = KVShape(layers: layers, heads: one.shape.heads, headDimension: one.shape.headDimension)
        let layout = KVBlobLayout(element: one.element, shape: shape, tokens: one.tokens)
        // Layers differ in their tokens at most.
        if let first = blobs.first?.layout, layout.shape != first.shape {
          let expected = KVBlobLayout(element: first.element, shape: first.shape, tokens: layout.tokens)
          throw .otherShape(found: header.shape, expected: BlobShape(expected))
        }
        blobs.append(Blob(layout, in: range.part(from: BlobHeader.byteCount, count: layout.byteCount), of: self))
      } catch {
        throw .unusableBlob(BlobKey(key, layer: layer), error)
      }
      bytes.advance()
    }
    return blobs
  }
}
