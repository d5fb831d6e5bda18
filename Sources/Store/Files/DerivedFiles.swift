internal import ContentHash
public import FileSystem
internal import Glibc

/// Files beside the database that programs derived from models and can make again, such as weights in another format.
///
/// The store does not read them: it provides their folder and frees them. Each name is a model's fingerprint, a full stop,
/// and more. A file stays as long as some namespace has a version for its model, one that indexes a library as long as a
/// version has that, or a process holds a lock on it (`flock`).
struct DerivedFiles: ~Copyable {
  /// One of them.
  struct File {
    let name: FilePath
    let byteCount: Int
    let model: SHA256Digest
    /// What it is an index of, if it is one (`IndexName`).
    let index: SHA256Digest?
  }

  let folder: Folder

  /// The folder, if there is one.
  ///
  /// - Throws: `StoreError.otherOwner`, `.writableByOthers` for a folder that others could put files in.
  static func find(in store: StoreFolder) throws(StoreError) -> DerivedFiles? {
    let name = StoreFolder.derivedName
    guard try storing(try store.folder.status(of: name))?.kind == .folder else { return nil }
    return try DerivedFiles(folder: storing(try store.folder.folder(name)))
  }

  /// The folder, made if it is missing.
  static func make(in store: StoreFolder) throws(StoreError) -> DerivedFiles {
    let name = StoreFolder.derivedName
    do throws(SystemFailure) {
      if try store.folder.status(of: name) == nil { try store.folder.makeFolder(name, permissions: 0o700) }
    } catch {
      guard error.code == EEXIST else { throw StoreError(error) }
    }
    guard let files = try find(in: store) else { throw .notAFolder(path: store.path.appending(name).description) }
    return files
  }

  private init(folder: consuming Folder) throws(StoreError) {
    let status = try storing(try folder.status())
    try status.checkOwner(of: folder.path)
    try status.checkMode(of: folder.path)
    self.folder = folder
  }

  /// All files, by name.
  func list() throws(StoreError) -> [File] {
    var files: [File] = []
    for name in try storing(try folder.names()).sorted() {
      let fingerprint = String(decoding: name.bytes.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self)
      guard let model = SHA256Digest(hexadecimal: fingerprint), let status = try storing(try folder.status(of: name)),
        status.kind == .regular
      else { continue }
      files.append(
        File(name: name, byteCount: status.allocatedByteCount, model: model, index: IndexName.identity(in: name)))
    }
    return files
  }

  /// Removes `file`, or with `dryRun` only says whether it could be.
  ///
  /// - Returns: `false` for a file that a process makes or uses, and for one that is gone.
  func remove(_ file: File, dryRun: Bool) throws(StoreError) -> Bool {
    do throws(SystemFailure) {
      let open = try folder.open(file.name, .reading)
      guard open.tryLock(.exclusive) else { return false }
      if !dryRun { try folder.remove(file.name) }
      return true
    } catch {
      guard error.isNotFound else { throw StoreError(error) }
      return false
    }
  }
}

extension StateStore {
  /// The folder for files that were derived from a model and can be made again, beside the database.
  ///
  /// Each name begins with the model's fingerprint and a full stop. Whoever makes or uses a file locks it (`flock`).
  /// Garbage collection frees files without a lock whose model has no version in any namespace, and indexes (`indexName`)
  /// of libraries that no version has.
  ///
  /// - Returns: `nil` if there is none and the store is open for reading only.
  public func derivedFolder() throws(StoreError) -> Folder? {
    if !options.readOnly {
      let files = try DerivedFiles.make(in: open.folder)
      return try storing(try files.folder.again())
    }
    guard let files = try DerivedFiles.find(in: open.folder) else { return nil }
    return try storing(try files.folder.again())
  }

  /// Frees derived files whose model has no version but those in `removed`.
  ///
  /// - Returns: how many, and their bytes.
  func freeDerivedFiles(
    besides removed: [VersionName], dryRun: Bool
  ) throws(StoreError) -> (count: Int, byteCount: Int) {
    guard let derived = try DerivedFiles.find(in: open.folder) else { return (0, 0) }
    let files = try derived.list()
    guard !files.isEmpty else { return (0, 0) }
    let needed = try snapshot().modelsOfAllNamespaces(besides: removed)
    let indexes = try snapshot().indexesOfAllNamespaces(besides: removed)
    var freed = (count: 0, byteCount: 0)
    for file in files where !(file.index.map(indexes.contains) ?? needed.contains(file.model)) {
      guard try derived.remove(file, dryRun: dryRun) else { continue }
      freed = (freed.count + 1, freed.byteCount + file.byteCount)
    }
    return freed
  }
}

extension Snapshot {
  /// Models that a version was recorded for, in any namespace, without the versions `removed` of this one.
  fileprivate func modelsOfAllNamespaces(besides removed: [VersionName]) throws(StoreError) -> Set<SHA256Digest> {
    let removed = Set(removed.map { VersionKey(store.namespace, $0).bytes })
    return try read { (transaction, tables) throws(StoreError) in
      var models: Set<SHA256Digest> = []
      try transaction.visit(tables.versions, prefix: RawSpan()) { (key, _) in
        if key.byteCount >= VersionKey.modelByteCount, !removed.contains(key.array) {
          models.insert(SHA256Digest(copying: key, at: SHA256Digest.byteCount))
        }
        return .next
      }
      return models
    }
  }
}
