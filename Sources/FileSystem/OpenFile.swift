internal import Glibc

/// An open file, closed at the end of this value's life.
///
/// Calls that a signal interrupts are made again. Child processes do not inherit the descriptor. Opening never waits for
/// the other end of a pipe.
public struct OpenFile: ~Copyable, Sendable {
  /// How a file is opened.
  public enum Access: Hashable, Sendable {
    case reading
    /// For an existing file.
    case writing
    case readingAndWriting
    /// For reading and writing; a missing file is made, with those of these permissions that the user's mask leaves.
    case creating(permissions: UInt32)
    /// Like `creating`, but it fails if the file exists.
    case creatingNew(permissions: UInt32)
    /// For writing: a file without a name, in the folder that the path names.
    case withoutName(permissions: UInt32)
    /// Only to find it: the file is neither read nor written, and a device or pipe does not notice.
    case path

    /// Flags of open(2), and permissions.
    var flags: (Int32, mode_t) {
      switch self {
      case .reading: (O_RDONLY | O_NONBLOCK, 0)
      case .writing: (O_WRONLY | O_NONBLOCK, 0)
      case .readingAndWriting: (O_RDWR | O_NONBLOCK, 0)
      case .creating(let permissions): (O_RDWR | O_CREAT | O_NONBLOCK, permissions)
      case .creatingNew(let permissions): (O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, permissions)
      // O_TMPFILE and O_PATH, macros that Swift does not import.
      case .withoutName(let permissions): (O_WRONLY | 0o20_000_000 | O_DIRECTORY, permissions)
      case .path: (0o10_000_000, 0)
      }
    }
  }

  /// The descriptor, for calls that this type does not have. It is closed with this value.
  public let descriptor: Int32
  /// The path that it was opened by, for messages.
  public let path: FilePath

  /// Opens what is at `path`.
  ///
  /// - Parameter followingLinks: whether a link in the last place is followed; else it is refused.
  public init(_ path: FilePath, _ access: Access, followingLinks: Bool = true) throws(SystemFailure) {
    try self.init(path, in: AT_FDCWD, shown: path, access, followingLinks: followingLinks)
  }

  init(
    _ name: FilePath, in folder: Int32, shown path: FilePath, _ access: Access, followingLinks: Bool
  ) throws(SystemFailure) {
    let (flags, permissions) = access.flags
    let links = followingLinks ? 0 : O_NOFOLLOW
    var opened: Int32
    repeat {
      opened = unsafe name.withCString { unsafe openat(folder, $0, flags | links | O_CLOEXEC, permissions) }
    } while opened < 0 && errno == EINTR
    guard opened >= 0 else { throw SystemFailure("open", path) }
    descriptor = opened
    self.path = path
    // Only opening must not block.
    if flags & O_NONBLOCK != 0 { _ = fcntl(opened, F_SETFL, flags & ~O_NONBLOCK) }
  }

  /// Takes over a descriptor, which is closed with this value.
  public init(takingOver descriptor: Int32, path: FilePath) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  /// The file's status.
  public func status() throws(SystemFailure) -> FileStatus { try FileStatus(ofDescriptor: descriptor, path: path) }

  /// A path that leads this process to this very file, whatever has its name now.
  public var pathOfDescriptor: FilePath { FilePath("/proc/self/fd/\(descriptor)") }
}

// MARK: - Reading

extension OpenFile {
  /// Reads `count` bytes from `offset` on, or those that there are.
  public func read(_ count: Int, at offset: Int) throws(SystemFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var elements = bytes.mutableSpan
    var span = unsafe elements.mutableBytes
    let filled = try read(into: &span, at: offset)
    bytes.removeLast(count - filled)
    return bytes
  }

  /// Fills `span` with the bytes from `offset` on, as far as there are any.
  ///
  /// - Returns: how many.
  public func read(into span: inout MutableRawSpan, at offset: Int) throws(SystemFailure) -> Int {
    let count = span.byteCount
    var (filled, failure) = (0, Int32(0))
    unsafe span.withUnsafeMutableBytes { buffer in
      while filled < count {
        let start = unsafe buffer.baseAddress.map { unsafe $0 + filled }
        let read = unsafe pread(descriptor, start, count - filled, offset + filled)
        if read < 0, errno == EINTR { continue }
        if read < 0 { failure = errno }
        if read <= 0 { break }
        filled += read
      }
    }
    guard failure == 0 else { throw SystemFailure("read", path, code: failure) }
    return filled
  }

  /// Reads from the current place up to the end or to `limit` bytes, whichever comes first; a file may grow or shrink
  /// meanwhile, and a pipe has no length.
  public func read(atMost limit: Int) throws(SystemFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    let step = 1 << 18
    while bytes.count < limit {
      let room = min(step, limit - bytes.count)
      var failure: Int32 = 0
      let chunk = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
        let got = unsafe Glibc.read(descriptor, buffer.baseAddress, room)
        failure = got < 0 ? errno : 0
        count = max(got, 0)
      }
      if failure == EINTR { continue }
      guard failure == 0 else { throw SystemFailure("read", path, code: failure) }
      if chunk.isEmpty { break }
      bytes.append(contentsOf: chunk)
    }
    return bytes
  }
}

// MARK: - Writing

extension OpenFile {
  /// Writes all of `bytes` at the current place.
  public func write(_ bytes: RawSpan) throws(SystemFailure) {
    var count = 0
    while count < bytes.byteCount {
      let written = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw SystemFailure("write", path) }
      count += written
    }
  }

  /// Writes all of `bytes` at the current place.
  public func write(_ bytes: [UInt8]) throws(SystemFailure) { try unsafe write(bytes.span.bytes) }

  /// Writes all of `bytes` from `offset` on.
  public func write(_ bytes: [UInt8], at offset: Int) throws(SystemFailure) {
    guard lseek(descriptor, offset, SEEK_SET) == offset else { throw SystemFailure("lseek", path) }
    try write(bytes)
  }

  /// Makes the file `byteCount` bytes long; what is new reads as zeros.
  public func setLength(_ byteCount: Int) throws(SystemFailure) {
    while ftruncate(descriptor, byteCount) != 0 {
      guard errno == EINTR else { throw SystemFailure("ftruncate", path) }
    }
  }

  /// Has the disk set aside `range` of the file, which becomes that long.
  public func allocate(_ range: Range<Int>) throws(SystemFailure) {
    while true {
      let code = posix_fallocate(descriptor, range.lowerBound, range.count)
      if code == 0 { return }
      guard code == EINTR else { throw SystemFailure("posix_fallocate", path, code: code) }
    }
  }

  /// Waits until what was written is on the disk.
  public func synchronize() throws(SystemFailure) {
    while fsync(descriptor) != 0 {
      guard errno == EINTR else { throw SystemFailure("fsync", path) }
    }
  }

  /// Sets the permission bits.
  public func setPermissions(_ mode: UInt32) throws(SystemFailure) {
    guard fchmod(descriptor, mode) == 0 else { throw SystemFailure("fchmod", path) }
  }
}

// MARK: - Locks

extension OpenFile {
  /// What a lock keeps others from (flock(2)); it ends when the file is closed.
  public enum Lock: Sendable {
    /// An exclusive lock.
    case shared
    /// Any lock.
    case exclusive
  }

  /// Waits for the lock; one of the other kind is given up. Where the file system has no locks, nobody has one.
  public func lock(_ kind: Lock) {
    while flock(descriptor, kind == .shared ? LOCK_SH : LOCK_EX) != 0 && errno == EINTR {}
  }

  /// Takes the lock if nobody else has one in its way.
  ///
  /// - Returns: whether nobody has.
  public func tryLock(_ kind: Lock) -> Bool {
    flock(descriptor, (kind == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 || errno != EWOULDBLOCK
  }
}
