internal import ContentHash
internal import FileSystem
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
  ///   - path: the file to write.
  ///   - versions: all of this namespace, if left out.
  ///   - replacing: whether a file that is there may be replaced.
  ///   - progress: called after each encoding with how many are done, and of how many.
  /// - Throws: `StoreError.exists`; `.noVersion`, `.missingEncodings`, `.unusableBlob`: nothing damaged is passed on.
  public func export(
    _ versions: [VersionName]? = nil, toFile path: String, replacing: Bool = false,
    progress: ((_ done: Int, _ total: Int) -> Void)? = nil
  ) throws(StoreError) -> ExportReport {
    if let found = try storing(try FileStatus(of: FilePath(path))), found.kind == .folder || !replacing {
      throw .exists(path: path)
    }
    let archive = try ArchiveWriter(path)
    let report = try export(versions, to: archive, progress)
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
    _ versions: [VersionName]? = nil, toFolder path: String, progress: ((_ done: Int, _ total: Int) -> Void)? = nil
  ) throws(StoreError) -> ExportReport {
    try export(versions, to: ExportFolder(path, creating: true), progress)
  }

  private func export(
    _ names: [VersionName]?, to destination: some ExportDestination, _ progress: ((Int, Int) -> Void)?
  ) throws(StoreError) -> ExportReport {
    let snapshot = try snapshot()
    let versions = try snapshot.versions(called: names)
    let total = versions.reduce(0) { $0 + $1.encodings.count }
    var report = ExportReport()
    for version in versions {
      var files: [SHA256Digest] = []
      for key in version.encodingKeys {
        if let name = destination.name(of: key) {
          report.present += 1
          files.append(name)
        } else {
          guard let (blobs, layout) = try snapshot.blobs(of: key) else {
            throw .missingEncodings(schema: version.schema, count: try snapshot.missing(of: version))
          }
          let file = StatesFile(key, blobs, layout)
          try destination.put(file, blobs)
          report.encodings += 1
          report.byteCount += file.byteCount
          files.append(file.name)
        }
        progress?(report.present + report.encodings, total)
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
  func put(_ file: VersionFile) throws(StoreError)
}

extension Snapshot {
  /// The versions called `names`, or all, by model, schema and number.
  fileprivate func versions(called names: [VersionName]?) throws(StoreError) -> [VersionRecord] {
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

  /// The blobs of an encoding in the layout that they say themselves, checksums checked; `nil` if there is none.
  fileprivate func blobs(of key: EncodingKey) throws(StoreError) -> ([Blob], KVBlobLayout)? {
    let namespace = store.namespace
    let layers = try read { (transaction, tables) throws(StoreError) in
      try transaction.layers(of: key, namespace, tables)
    }
    var bytes = BlobKeyBytes(BlobKey(key, layer: 0), in: namespace)
    let ranges = try lend(bytes, count: layers)
    guard let first = ranges.first, ranges.count == layers else { return nil }
    let layout: KVBlobLayout
    var layer = 0
    do throws(BlobDefect) {
      guard let one = try BlobHeader(of: unsafe first.bytes).layout else { throw .notABlob }
      let shape = KVShape(layers: layers, heads: one.shape.heads, headDimension: one.shape.headDimension)
      layout = KVBlobLayout(element: one.element, shape: shape, tokens: one.tokens)
      for range in ranges {
        let value = unsafe range.bytes
        try BlobHeader(of: value).check(value, key: bytes.span)
        bytes.advance()
        layer += 1
      }
    } catch {
      throw .unusableBlob(BlobKey(key, layer: layer), error)
    }
    return try blobs(of: key, expecting: layout).map { ($0, layout) }
  }
}
