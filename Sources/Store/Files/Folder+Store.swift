internal import FileSystem
internal import Glibc

/// Calls that fail with `StoreError`, and that trust no file before they have looked at it.

extension StoreError {
  /// What the system refused.
  init(_ failure: SystemFailure) {
    self.init(code: failure.code, operation: failure.operation, path: failure.path.description)
  }
}

/// The result of `body`, whose failure becomes a `StoreError`.
func storing<R: ~Copyable>(_ body: @autoclosure () throws(SystemFailure) -> R) throws(StoreError) -> R {
  do throws(SystemFailure) {
    return try body()
  } catch {
    throw StoreError(error)
  }
}

extension FileStatus {
  /// Throws unless the file at `path` belongs to this user.
  func checkOwner(of path: FilePath) throws(StoreError) {
    let user = geteuid()
    guard owner == user else { throw .otherOwner(path: path.description, owner: owner, user: user) }
  }

  /// Throws if other users may write to the file at `path`.
  func checkMode(of path: FilePath) throws(StoreError) {
    guard mode & 0o022 == 0 else { throw .writableByOthers(path: path.description, mode: mode) }
  }
}

extension Folder {
  /// Opens a file of the store: a regular one, this user's, that nobody else may write to.
  func openOwn(_ name: FilePath, _ access: OpenFile.Access) throws(StoreError) -> OpenFile {
    // What is not a file could not be opened, for one reason or another.
    try checkKind(of: storing(try status(of: name)), name)
    let file = try storing(try open(name, access))
    let status = try storing(try file.status())
    try checkKind(of: status, name)
    try status.checkOwner(of: file.path)
    try status.checkMode(of: file.path)
    return file
  }

  /// The same for reading and writing; a missing file is made, for its owner alone.
  func openOrMakeOwn(_ name: FilePath) throws(StoreError) -> OpenFile {
    // Two attempts: another process may make the file in between.
    for _ in 0..<2 {
      do throws(SystemFailure) {
        if try status(of: name) != nil { break }
        let file = try open(name, .creatingNew(permissions: 0o600))
        try file.setPermissions(0o600)
        return file
      } catch {
        guard error.code == EEXIST else { throw StoreError(error) }
      }
    }
    return try openOwn(name, .readingAndWriting)
  }

  /// Throws if `status`, of what is called `name`, is that of something else than a file.
  func checkKind(of status: FileStatus?, _ name: FilePath) throws(StoreError) {
    let kind: String
    switch status?.kind {
    case .regular, nil: return
    case .folder: kind = "a folder"
    case .link: kind = "a link"
    case .pipe: kind = "a pipe"
    case .socket: kind = "a socket"
    case .device: kind = "a device"
    }
    throw .notAStore(path: path.description, reason: "`\(name)` is \(kind) and not a file")
  }
}
