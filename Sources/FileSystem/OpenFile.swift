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
    descriptor = try unsafe name.withCString { name in
      calling { unsafe openat(folder, name, flags | links | O_CLOEXEC, permissions) }
    }.checked("open", path)
    self.path = path
    // Only opening must not block.
    if flags & O_NONBLOCK != 0 { _ = fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) }
  }

  /// What is open as `descriptor` once more, with a descriptor and a life of its own.
  public init(duplicating descriptor: Int32, path: FilePath) throws(SystemFailure) {
    self.descriptor = try calling { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }.checked("dup", path)
    self.path = path
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
    var filled = 0
    while filled < count {
      let read = unsafe span.withUnsafeMutableBytes { buffer in
        calling {
          unsafe pread(descriptor, buffer.baseAddress.map { unsafe $0 + filled }, count - filled, offset + filled)
        }
      }
      let more = try read.checked("read", path)
      if more == 0 { break }
      filled += more
    }
    return filled
  }

  /// Reads from the current place up to the end or to `limit` bytes, whichever comes first; a file may grow or shrink
  /// meanwhile, and a pipe has no length.
  public func read(atMost limit: Int) throws(SystemFailure) -> [UInt8] {
    let step = 1 << 18
    let status = try status()
    // As many as there are now in one piece: an array that grows is copied each time.
    var bytes = try chunk(of: status.kind == .regular ? min(status.byteCount, limit) : 0, isWhole: true)
    while bytes.count < limit {
      let more = try chunk(of: min(step, limit - bytes.count), isWhole: false)
      if more.isEmpty { break }
      bytes.append(contentsOf: more)
    }
    return bytes
  }

  /// Reads up to `count` bytes from the current place on: in one call, or in as many as it takes until there are no more.
  private func chunk(of count: Int, isWhole: Bool) throws(SystemFailure) -> [UInt8] {
    guard count > 0 else { return [] }
    var result = CallResult(value: 0, code: 0)
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      repeat {
        result = calling {
          unsafe Glibc.read(descriptor, buffer.baseAddress.map { unsafe $0 + filled }, count - filled)
        }
        filled += max(result.value, 0)
      } while isWhole && result.value > 0 && filled < count
    }
    try result.checked("read", path)
    return bytes
  }
}

// MARK: - Writing

extension OpenFile {
  /// Writes all of `bytes` at the current place.
  public func write(_ bytes: RawSpan) throws(SystemFailure) {
    var count = 0
    while count < bytes.byteCount {
      let result = unsafe bytes.withUnsafeBytes { buffer in
        calling {
          unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
        }
      }
      if result.value < 0, result.code == EAGAIN {
        try waitUntilWritable()
      } else {
        let written = try result.checked("write", path)
        // No file or device should do this; to go on would be to go on for ever.
        guard written > 0 else { throw SystemFailure("write", path, code: EIO) }
        count += written
      }
    }
  }

  /// Waits until a pipe or terminal takes more, whose other holders have set it not to let anyone wait.
  private func waitUntilWritable() throws(SystemFailure) {
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    try calling { unsafe poll(&request, 1, -1) }.checked("poll", path)
  }

  /// Writes all of `bytes` at the current place.
  public func write(_ bytes: [UInt8]) throws(SystemFailure) { try unsafe write(bytes.span.bytes) }

  /// Writes all of `bytes` from `offset` on.
  public func write(_ bytes: [UInt8], at offset: Int) throws(SystemFailure) {
    try calling { lseek(descriptor, offset, SEEK_SET) }.checked("lseek", path)
    try write(bytes)
  }

  /// Makes the file `byteCount` bytes long; what is new reads as zeros.
  public func setLength(_ byteCount: Int) throws(SystemFailure) {
    try calling { ftruncate(descriptor, byteCount) }.checked("ftruncate", path)
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
    try calling { fsync(descriptor) }.checked("fsync", path)
  }

  /// Sets the permission bits.
  public func setPermissions(_ mode: UInt32) throws(SystemFailure) {
    try calling { fchmod(descriptor, mode) }.checked("fchmod", path)
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
    _ = calling { flock(descriptor, kind == .shared ? LOCK_SH : LOCK_EX) }
  }

  /// Takes the lock if nobody else has one in its way.
  ///
  /// - Returns: whether nobody has.
  public func tryLock(_ kind: Lock) -> Bool {
    let result = calling { flock(descriptor, (kind == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) }
    return result.value == 0 || result.code != EWOULDBLOCK
  }
}
