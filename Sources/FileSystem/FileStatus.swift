internal import Glibc

/// What the system says of a file.
public struct FileStatus: Hashable, Sendable {
  /// What sort of thing has the name.
  public enum Kind: Hashable, Sendable {
    case regular, folder, link, pipe, socket, device
  }

  /// Which file it is, whatever it is called.
  public struct Identity: Hashable, Sendable {
    /// The file system.
    public let device: UInt64
    /// The file's number there.
    public let inode: UInt64
  }

  /// Which file it is.
  public let identity: Identity
  /// What sort of thing it is.
  public let kind: Kind
  /// The user whose file it is.
  public let owner: UInt32
  /// Permission bits.
  public let mode: UInt32
  /// Length in bytes.
  public let byteCount: Int
  /// Bytes that it takes on the disk.
  public let allocatedByteCount: Int
  /// When its contents last changed, in nanoseconds since 1970; programs can set it.
  public let modificationTime: Int
  /// When its contents or what is known of it last changed, in nanoseconds since 1970; programs cannot set it.
  public let changeTime: Int

  /// The status of what is at `path`, links followed.
  ///
  /// - Returns: `nil` if nothing is there.
  public init?(of path: FilePath) throws(SystemFailure) {
    var found = stat()
    guard unsafe path.withCString({ unsafe stat($0, &found) }) == 0 else {
      let failure = SystemFailure("stat", path)
      if failure.isNotFound { return nil }
      throw failure
    }
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
