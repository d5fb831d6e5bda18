internal import Glibc

/// What the system says of a file.
struct FileStatus {
  /// Which file it is, whatever it is called.
  struct Identity: Hashable {
    let device: UInt
    let inode: UInt
  }

  let identity: Identity
  let owner: UInt32
  /// Permission bits.
  let mode: UInt32
  let isFolder: Bool
  let byteCount: Int
  /// Bytes that it takes on the disk.
  let allocatedByteCount: Int

  /// The status of `path`, or `nil` if nothing is there.
  init?(path: String) throws(StoreError) {
    var found = stat()
    guard unsafe stat(path, &found) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw StoreError(code: errno, operation: "stat", path: path)
    }
    identity = Identity(device: UInt(found.st_dev), inode: UInt(found.st_ino))
    owner = found.st_uid
    mode = found.st_mode & 0o7777
    isFolder = found.st_mode & S_IFMT == S_IFDIR
    byteCount = Int(found.st_size)
    allocatedByteCount = Int(found.st_blocks) * 512
  }

  /// Throws unless the file at `path` is this user's, and nobody else may write to it.
  func checkOwner(of path: String) throws(StoreError) {
    let user = geteuid()
    guard owner == user else { throw .otherOwner(path: path, owner: owner, user: user) }
    guard mode & 0o022 == 0 else { throw .writableByOthers(path: path, mode: mode) }
  }
}
