internal import Glibc

/// A folder that is open: whatever takes its name meanwhile, what is done here is done in this one.
public struct Folder: ~Copyable, Sendable {
  private let file: OpenFile

  /// The path that it was opened by, which messages name.
  public var path: FilePath { file.path }
  /// The descriptor, for calls that this type does not have. It is closed with this value.
  public var descriptor: Int32 { file.descriptor }

  /// Opens the folder at `path`.
  public init(_ path: FilePath) throws(SystemFailure) {
    try self.init(OpenFile(path, .path))
  }

  private init(_ file: consuming OpenFile) throws(SystemFailure) {
    guard try file.status().kind == .folder else { throw SystemFailure("open", file.path, code: ENOTDIR) }
    self.file = file
  }

  /// What the system says of the folder.
  public func status() throws(SystemFailure) -> FileStatus { try file.status() }

  /// A path by which this process, and libraries that want a path, find this very folder.
  public var pathOfDescriptor: FilePath { file.pathOfDescriptor }

  /// Opens what is called `name` in the folder. A link in that place is refused.
  public func open(_ name: FilePath, _ access: OpenFile.Access) throws(SystemFailure) -> OpenFile {
    try OpenFile(name, in: descriptor, shown: path.appending(name), access, followingLinks: false)
  }

  /// Opens the folder called `name` in this one. A link in that place is refused.
  public func folder(_ name: FilePath) throws(SystemFailure) -> Folder { try Folder(open(name, .path)) }

  /// The status of what is called `name` in the folder; a link's own, not that of what it leads to.
  ///
  /// - Returns: `nil` if nothing is.
  public func status(of name: FilePath) throws(SystemFailure) -> FileStatus? {
    var found = stat()
    guard unsafe name.withCString({ unsafe fstatat(descriptor, $0, &found, AT_SYMLINK_NOFOLLOW) }) == 0 else {
      let failure = SystemFailure("stat", path.appending(name))
      if failure.isNotFound { return nil }
      throw failure
    }
    return FileStatus(found)
  }

  /// Names of all that is in the folder, in no order.
  public func names() throws(SystemFailure) -> Set<FilePath> {
    let listed = try OpenFile(".", in: descriptor, shown: path, .reading, followingLinks: true)
    // The stream takes the descriptor over, so it gets one of its own.
    guard let stream = unsafe fdopendir(dup(listed.descriptor)) else { throw SystemFailure("opendir", path) }
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
  public func makeFolder(_ name: FilePath, permissions: UInt32) throws(SystemFailure) {
    guard unsafe name.withCString({ unsafe mkdirat(descriptor, $0, permissions) }) == 0 else {
      throw SystemFailure("mkdir", path.appending(name))
    }
  }

  /// Gives the file `old` of this folder the name `new`, in the stead of one that has it.
  public func rename(_ old: FilePath, to new: FilePath) throws(SystemFailure) {
    let code = unsafe old.withCString { old in
      unsafe new.withCString { new in unsafe renameat(descriptor, old, descriptor, new) }
    }
    guard code == 0 else { throw SystemFailure("rename", path.appending(new)) }
  }

  /// Removes the file called `name`.
  public func remove(_ name: FilePath) throws(SystemFailure) {
    guard unsafe name.withCString({ unsafe unlinkat(descriptor, $0, 0) }) == 0 else {
      throw SystemFailure("unlink", path.appending(name))
    }
  }

  /// Gives an open file without a name this one. It fails where there is a file of that name.
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
