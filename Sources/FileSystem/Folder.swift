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
    try Folder(OpenFile(duplicating: descriptor, path: path))
  }

  /// The folder's status.
  public func status() throws(SystemFailure) -> FileStatus { try file.status() }

  /// A path that leads this process, and libraries that want a path, to this very folder. It takes a mounted `/proc`.
  public var pathOfDescriptor: FilePath { file.pathOfDescriptor }

  /// Opens the file called `name` in the folder. A link is refused, or with `.path` opened as the link that it is.
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
    let result = unsafe name.withCString { name in
      calling { unsafe fstatat(descriptor, name, &found, AT_SYMLINK_NOFOLLOW) }
    }
    do throws(SystemFailure) {
      try result.checked("stat", path.appending(name))
    } catch {
      if error.isNotFound { return nil }
      throw error
    }
    return FileStatus(found)
  }

  /// Names of all files and folders in it.
  public func names() throws(SystemFailure) -> Set<FilePath> {
    let listed = try OpenFile(".", in: descriptor, shown: path, .reading, followingLinks: true)
    // The stream closes its descriptor, so it gets one of its own.
    let copy = try calling { fcntl(listed.descriptor, F_DUPFD_CLOEXEC, 0) }.checked("dup", path)
    let stream = unsafe fdopendir(copy)
    let code = errno
    guard let stream = unsafe stream else {
      close(copy)
      throw SystemFailure("opendir", path, code: code)
    }
    defer { unsafe closedir(stream) }
    var names: Set<FilePath> = []
    while true {
      // The end and a failure look alike but for this.
      errno = 0
      let entry = unsafe readdir(stream)
      let code = errno
      guard let entry = unsafe entry else {
        guard code == 0 else { throw SystemFailure("readdir", path, code: code) }
        break
      }
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
    try unsafe name.withCString { name in calling { unsafe mkdirat(descriptor, name, permissions) } }
      .checked("mkdir", path.appending(name))
    try folder(name).setPermissions(permissions)
  }

  /// Sets the folder's permission bits.
  public func setPermissions(_ mode: UInt32) throws(SystemFailure) {
    guard try status().mode != mode else { return }
    let result = unsafe pathOfDescriptor.withCString { path in calling { unsafe chmod(path, mode) } }
    guard result.value < 0, result.code == ENOENT else {
      try result.checked("chmod", path)
      return
    }
    // Without /proc. This needs the right to search the folder.
    try calling { unsafe fchmodat(descriptor, ".", mode, 0) }.checked("chmod", path)
  }

  /// Renames the file `old` to `new`, replacing an existing one.
  public func rename(_ old: FilePath, to new: FilePath) throws(SystemFailure) {
    try rename(old, to: new, in: self)
  }

  /// Moves the file `old` to `folder`, as `new`, replacing an existing one.
  public func rename(_ old: FilePath, to new: FilePath, in folder: borrowing Folder) throws(SystemFailure) {
    let target = folder.descriptor
    try unsafe old.withCString { old in
      unsafe new.withCString { new in calling { unsafe renameat(descriptor, old, target, new) } }
    }.checked("rename", folder.path.appending(new))
  }

  /// Removes the file called `name`.
  public func remove(_ name: FilePath) throws(SystemFailure) { try unlink(name, flags: 0) }

  /// Removes the empty folder called `name`.
  public func removeFolder(_ name: FilePath) throws(SystemFailure) { try unlink(name, flags: AT_REMOVEDIR) }

  /// Removes what is called `name`: a folder with all that is in it, or anything else. Links are not followed.
  public func removeTree(_ name: FilePath) throws(SystemFailure) {
    guard try status(of: name)?.kind == .folder else { return try remove(name) }
    let folder = try folder(name)
    for name in try folder.names() { try folder.removeTree(name) }
    try removeFolder(name)
  }

  private func unlink(_ name: FilePath, flags: Int32) throws(SystemFailure) {
    try unsafe name.withCString { name in calling { unsafe unlinkat(descriptor, name, flags) } }
      .checked("unlink", path.appending(name))
  }

  /// Gives an open file without a name the name `name`. It fails if a file has it already.
  public func link(_ file: borrowing OpenFile, as name: FilePath) throws(SystemFailure) {
    try unsafe file.pathOfDescriptor.withCString { from in
      unsafe name.withCString { name in
        calling { unsafe linkat(AT_FDCWD, from, descriptor, name, AT_SYMLINK_FOLLOW) }
      }
    }.checked("linkat", path.appending(name))
  }

  /// Waits until the names in the folder are on the disk.
  public func synchronize() throws(SystemFailure) {
    try OpenFile(".", in: descriptor, shown: path, .reading, followingLinks: true).synchronize()
  }
}
