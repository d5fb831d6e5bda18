import Glibc

/// The bytes of one file, in memory for as long as this object lives: mapped read-only, linked into the program, or
/// made by the engine.
///
/// A mapped file must not shrink while it is in use (that is the system's rule for every map).
@safe public final class FileBytes: Sendable {
  /// What tells whether a file is still the one that was read before, without reading it again.
  public struct Identity: Hashable, Sendable {
    /// Path with links resolved.
    public let path: String
    /// Size in bytes.
    public let size: Int
    /// Time of the last modification, in nanoseconds since 1970.
    public let modificationTime: Int
    /// Number of the file in its file system.
    public let inode: UInt64
  }

  /// Number of bytes.
  public let count: Int
  /// Identity of a mapped file, `nil` for bytes in the program.
  public let identity: Identity?

  // Never written after `init`, and the memory is read-only: safe to share.
  nonisolated(unsafe) private let base: UnsafeRawPointer?
  private let isMapped: Bool
  /// The mapped file, kept open to see whether it changes.
  private let descriptor: Int32?
  /// Kept as long as the bytes are in use, for the lock on it.
  private let lock: FileLock?

  /// Maps the file at `path`.
  ///
  /// - Throws: `EngineError.unreadableFile`.
  public convenience init(mapping path: String) throws(EngineError) {
    // Without O_NONBLOCK a named pipe would keep us waiting for its writer.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .unreadableFile(path: path, reason: systemErrorText()) }
    try self.init(descriptor, path: path, lock: nil)
  }

  /// Maps the file that `lock` is on, and keeps the lock.
  convenience init(mapping lock: FileLock) throws(EngineError) {
    try self.init(lock.descriptor, path: lock.path, lock: lock)
  }

  private init(_ descriptor: Int32, path: String, lock: FileLock?) throws(EngineError) {
    self.lock = lock
    self.descriptor = descriptor
    var status = stat()
    var isOpen = false
    defer { if !isOpen && lock == nil { close(descriptor) } }
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw .unreadableFile(path: path, reason: systemErrorText())
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadableFile(path: path, reason: "not a regular file")
    }
    count = Int(status.st_size)
    identity = Identity(
      path: resolvedPath(path), size: count,
      modificationTime: status.st_mtim.tv_sec &* 1_000_000_000 &+ status.st_mtim.tv_nsec, inode: UInt64(status.st_ino))
    isMapped = count > 0  // the system maps no empty file
    if isMapped {
      let address = unsafe mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0)
      guard let address = unsafe address, unsafe address != MAP_FAILED else {
        throw .unreadableFile(path: path, reason: systemErrorText())
      }
      unsafe base = UnsafeRawPointer(address)
    } else {
      unsafe base = nil
    }
    isOpen = true
  }

  /// Bytes that live as long as the program.
  public init(staticMemory bytes: UnsafeRawBufferPointer) {
    count = bytes.count
    unsafe base = bytes.baseAddress
    identity = nil
    isMapped = false
    descriptor = nil
    lock = nil
  }

  /// Memory of this process that `fill` writes; it is zero at first, and begins at a page.
  ///
  /// - Throws: `EngineError.outOfMemory`, and what `fill` throws.
  init(
    byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws(EngineError) -> Void
  ) throws(EngineError) {
    let address = unsafe mmap(nil, max(byteCount, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw .outOfMemory(byteCount: byteCount)
    }
    // Once all of this is set, the memory is unmapped if `fill` throws.
    count = byteCount
    unsafe base = UnsafeRawPointer(address)
    identity = nil
    isMapped = true
    descriptor = nil
    lock = nil
    unsafe try fill(UnsafeMutableRawBufferPointer(start: address, count: byteCount))
  }

  deinit {
    if isMapped, let base = unsafe base { unsafe munmap(UnsafeMutableRawPointer(mutating: base), max(count, 1)) }
    // A lock closes its file itself.
    if let descriptor, lock == nil { close(descriptor) }
  }

  /// Whether a mapped file has become shorter, so that reading what it lacks would end the process.
  var isShortened: Bool {
    guard let descriptor else { return false }
    var status = stat()
    return unsafe fstat(descriptor, &status) == 0 && Int(status.st_size) < count
  }

  /// The bytes.
  public var bytes: RawSpan {
    @_lifetime(borrow self) get {
      let bytes = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: base, count: count))
      return unsafe _overrideLifetime(bytes, borrowing: self)
    }
  }
}

extension FileBytes {
  /// A copy of some of the bytes, for readers of text.
  func copy(of range: Range<Int>) -> [UInt8] {
    unsafe bytes.extracting(range).withUnsafeBytes { unsafe Array($0) }
  }
}

/// The text of a system call's error, the last one's if not told otherwise.
func systemErrorText(_ code: Int32 = errno) -> String {
  unsafe String(cString: strerror(code))
}

private func resolvedPath(_ path: String) -> String {
  guard let resolved = unsafe realpath(path, nil) else { return path }
  defer { unsafe free(resolved) }
  return unsafe String(cString: resolved)
}
