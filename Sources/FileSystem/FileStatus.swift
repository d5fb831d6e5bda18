internal import Glibc

/// What the system knows about a file.
public struct FileStatus: Hashable, Sendable {
  /// The kind of file.
  public enum Kind: Hashable, Sendable {
    case regular, folder, link, pipe, socket, device
  }

  /// Identifies a file, whatever its name.
  public struct Identity: Hashable, Sendable {
    /// The file system.
    public let device: UInt64
    /// The file's number there.
    public let inode: UInt64
  }

  /// Identifies the file.
  public let identity: Identity
  /// The kind of file.
  public let kind: Kind
  /// The owner's user ID.
  public let owner: UInt32
  /// Permission bits.
  public let mode: UInt32
  /// Length in bytes.
  public let byteCount: Int
  /// Bytes that it takes up on the disk.
  public let allocatedByteCount: Int
  /// When its contents last changed, in nanoseconds since 1970; programs can set it.
  public let modificationTime: Int
  /// When its contents or its status last changed, in nanoseconds since 1970; programs cannot set it.
  public let changeTime: Int

  /// The status of the file at `path`. Links are followed.
  ///
  /// - Returns: `nil` if there is none.
  public init?(of path: FilePath) throws(SystemFailure) {
    var found = stat()
    let result = unsafe path.withCString { path in calling { unsafe stat(path, &found) } }
    do throws(SystemFailure) {
      try result.checked("stat", path)
    } catch {
      if error.isNotFound { return nil }
      throw error
    }
    self.init(found)
  }

  /// The status of the file that is open as `descriptor`; `path` names it in errors.
  public init(ofDescriptor descriptor: Int32, path: FilePath) throws(SystemFailure) {
    var found = stat()
    try calling { unsafe fstat(descriptor, &found) }.checked("fstat", path)
    self.init(found)
  }

  init(_ status: stat) {
    identity = Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFDIR: .folder
      case S_IFLNK: .link
      case S_IFIFO: .pipe
      case S_IFSOCK: .socket
      default: .device
      }
    owner = status.st_uid
    mode = status.st_mode & 0o7777
    byteCount = Int(status.st_size)
    allocatedByteCount = Int(status.st_blocks) * 512
    modificationTime = Self.nanoseconds(status.st_mtim)
    changeTime = Self.nanoseconds(status.st_ctim)
  }

  private static func nanoseconds(_ time: timespec) -> Int { time.tv_sec &* 1_000_000_000 &+ time.tv_nsec }
}
