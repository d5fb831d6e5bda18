internal import ContentHash
internal import Glibc

/// Files beside the database that programs made of models and can make again, such as their weights in another format.
///
/// The store does not read them: it gives them a folder and frees them. The name of each is a model's fingerprint, and
/// what follows after a full stop. A file stays as long as there is a version for its model, whatever the namespace, or
/// a process holds a lock on it (`flock`).
struct PreparedFiles {
  /// One of them.
  struct File {
    let path: String
    let byteCount: Int
    let model: SHA256Digest
  }

  let path: String

  init(in folder: StoreFolder) { path = "\(folder.path)/\(StoreFolder.preparedName)" }

  /// Makes the folder if it is missing.
  ///
  /// - Throws: `StoreError.otherOwner`, `.writableByOthers` for a folder that others could put files in.
  func makeFolder() throws(StoreError) {
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
      throw StoreError(code: errno, operation: "mkdir", path: path)
    }
    guard try exists() else { throw .notAFolder(path: path) }
  }

  /// Whether the folder is there, and this user's alone.
  func exists() throws(StoreError) -> Bool {
    guard let status = try FileStatus(path: path), status.isFolder else { return false }
    try status.checkOwner(of: path)
    return true
  }

  /// All files, by path.
  func list() throws(StoreError) -> [File] {
    guard try exists() else { return [] }
    var files: [File] = []
    for name in try folderNames(path).sorted() {
      let path = "\(path)/\(name)"
      guard let model = name.split(separator: ".").first.flatMap({ SHA256Digest(hexadecimal: $0) }),
        let status = try FileStatus(path: path), !status.isFolder
      else { continue }
      files.append(File(path: path, byteCount: status.allocatedByteCount, model: model))
    }
    return files
  }
}

extension PreparedFiles.File {
  /// Removes the file, or only says whether it could be.
  ///
  /// - Returns: `false` for a file that a process makes or uses.
  func remove(dryRun: Bool) throws(StoreError) -> Bool {
    let file: Store.File
    do throws(StoreError) {
      file = try Store.File(path, O_RDONLY)
    } catch .system(_, _, ENOENT) {
      return false  // someone else was faster
    }
    guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else { return false }
    guard unsafe dryRun || unlink(path) == 0 else { throw StoreError(code: errno, operation: "unlink", path: path) }
    return true
  }
}

extension StateStore {
  /// The folder for files that were made of a model and can be made again, beside the database.
  ///
  /// Each begins its name with the model's fingerprint and a full stop, and is locked by whoever makes or uses it
  /// (`flock`); garbage collection frees those without a lock whose model has no version in any namespace.
  ///
  /// - Returns: `nil` if there is none and the store is open for reading only.
  public func preparedFolder() throws(StoreError) -> String? {
    let files = PreparedFiles(in: open.folder)
    if options.readOnly { return try files.exists() ? files.path : nil }
    try files.makeFolder()
    return files.path
  }

  /// Frees prepared files whose model has no version but those in `removed`.
  ///
  /// - Returns: how many, and their bytes.
  func freePreparedFiles(
    besides removed: [VersionName], dryRun: Bool
  ) throws(StoreError) -> (count: Int, byteCount: Int) {
    let files = try PreparedFiles(in: open.folder).list()
    guard !files.isEmpty else { return (0, 0) }
    let needed = try snapshot().modelsOfAllNamespaces(besides: removed)
    var freed = (count: 0, byteCount: 0)
    for file in files where !needed.contains(file.model) {
      guard try file.remove(dryRun: dryRun) else { continue }
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
