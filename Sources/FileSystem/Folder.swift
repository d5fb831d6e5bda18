internal import Glibc

/// An open folder. If another one takes its name, calls on this value still reach the one that was opened.
public struct Folder: ~Copyable, Sendable {
  private let file: OpenFile

  /// The path that it was opened by, for messages.
  public var path: FilePath { file.path }
  /// The descriptor, for calls that this type does not have. It is closed with this value.
  public var descriptor: Int32 { file.descriptor }

  /// Opens the folder at `path`.
  public init(_ path: FilePath) throws(SystemFailure) {
    try self.init(OpenFile(path, .path))
  }

  /// Opens the folder at `path`, and makes it and its missing parents first.
  ///
  /// - Parameter permissions: permission bits of the folders that are made, whatever the user's mask.
  public static func making(_ path: FilePath, permissions: UInt32) throws(SystemFailure) -> Folder {
    do throws(SystemFailure) {
      return try Folder(path)
    } catch {
      guard error.code == ENOENT, path.parent != path, !path.bytes.isEmpty else { throw error }
    }
    let parent = try making(path.parent, permissions: permissions)
    do throws(SystemFailure) {
      try parent.makeFolder(path.lastComponent, permissions: permissions)
    } catch {
      // Another process was faster.
      guard error.code == EEXIST else { throw error }
    }
    return try parent.folder(path.lastComponent)
  }

  private init(_ file: consuming OpenFile) throws(SystemFailure) {
    guard try file.status().kind == .folder else { throw SystemFailure("open", file.path, code: ENOTDIR) }
    self.file = file
  }

  /// The same folder once more, with a life of its own.
  public func again() throws(SystemFailure) -> Folder {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw SystemFailure("dup", path) }
    return try Folder(OpenFile(takingOver: copy, path: path))
  }

  /// The folder's status.
  public func status() throws(SystemFailure) -> FileStatus { try file.status() }

  /// A path that leads this process, and libraries that want a path, to this very folder. It takes a mounted `/proc`.
  public var pathOfDescriptor: FilePath { file.pathOfDescriptor }

  /// Opens the file called `name` in the folder. A link is refused.
  public func open(_ name: FilePath, _ access: OpenFile.Access) throws(SystemFailure) -> OpenFile {
    try OpenFile(name, in: descriptor, shown: path.appending(name), access, followingLinks: false)
  }

  /// Opens the folder called `name` in this one. A link is refused.
  public func folder(_ name: FilePath) throws(SystemFailure) -> Folder { try Folder(open(name, .path)) }

  /// The status of the file called `name` in the folder. Links are not followed.
  ///
  /// - Returns: `nil` if there is none.
  public func status(of name: FilePath) throws(SystemFailure) -> FileStatus? {
    var found = stat()
    guard unsafe name.withCString({ unsafe fstatat(descriptor, $0, &found, AT_SYMLINK_NOFOLLOW) }) == 0 else {
      let failure = SystemFailure("stat", path.appending(name))
      if failure.isNotFound { return nil }
      throw failure
    }
    return FileStatus(found)
  }

  /// Names of all files and folders in it.
  public func names() throws(SystemFailure) -> Set<FilePath> {
    let listed = try OpenFile(".", in: descriptor, shown: path, .reading, followingLinks: true)
    // The stream closes its descriptor, so it gets one of its own.
    let copy = fcntl(listed.descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0, let stream = unsafe fdopendir(copy) else {
      let failure = SystemFailure("opendir", path)
      if copy >= 0 { close(copy) }
      throw failure
    }
    defer { unsafe closedir(stream) }
    var names: Set<FilePath> = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe FilePath(cString: $0) }
      }
      names.insert(name)
    }
    return names.subtracting([".", ".."])
  }

  /// Makes a folder called `name` in this one.
  ///
  /// - Parameter permissions: permission bits, whatever the user's mask.
  public func makeFolder(_ name: FilePath, permissions: UInt32) throws(SystemFailure) {
    guard unsafe name.withCString({ unsafe mkdirat(descriptor, $0, permissions) }) == 0 else {
      throw SystemFailure("mkdir", path.appending(name))
    }
    try folder(name).setPermissions(permissions)
  }

  /// Sets the folder's permission bits.
  public func setPermissions(_ mode: UInt32) throws(SystemFailure) {
    guard try status().mode != mode else { return }
    if unsafe pathOfDescriptor.withCString({ unsafe chmod($0, mode) }) == 0 { return }
    // Without /proc. This needs the right to search the folder.
    guard errno == ENOENT, unsafe fchmodat(descriptor, ".", mode, 0) == 0 else { throw SystemFailure("chmod", path) }
  }

  /// Renames the file `old` to `new`, replacing an existing one.
  public func rename(_ old: FilePath, to new: FilePath) throws(SystemFailure) {
    try rename(old, to: new, in: self)
  }

  /// Moves the file `old` to `folder`, as `new`, replacing an existing one.
  public func rename(_ old: FilePath, to new: FilePath, in folder: borrowing Folder) throws(SystemFailure) {
    let target = folder.descriptor
    let code = unsafe old.withCString { old in
      unsafe new.withCString { new in unsafe renameat(descriptor, old, target, new) }
    }
    guard code == 0 else { throw SystemFailure("rename", folder.path.appending(new)) }
  }

  /// Removes the file called `name`.
  public func remove(_ name: FilePath) throws(SystemFailure) { try unlink(name, flags: 0) }

  /// Removes the empty folder called `name`.
  public func removeFolder(_ name: FilePath) throws(SystemFailure) { try unlink(name, flags: AT_REMOVEDIR) }

  private func unlink(_ name: FilePath, flags: Int32) throws(SystemFailure) {
    guard unsafe name.withCString({ unsafe unlinkat(descriptor, $0, flags) }) == 0 else {
      throw SystemFailure("unlink", path.appending(name))
    }
  }

  /// Gives an open file without a name the name `name`. It fails if a file has it already.
  public func link(_ file: borrowing OpenFile, as name: FilePath) throws(SystemFailure) {
    let code = unsafe file.pathOfDescriptor.withCString { from in
      unsafe name.withCString { name in unsafe linkat(AT_FDCWD, from, descriptor, name, AT_SYMLINK_FOLLOW) }
    }
    guard code == 0 else { throw SystemFailure("linkat", path.appending(name)) }
  }

  /// Waits until the names in the folder are on the disk.
  public func synchronize() throws(SystemFailure) {
    try OpenFile(".", in: descriptor, shown: path, .reading, followingLinks: true).synchronize()
  }
}
