import Glibc

/// A file that is open, and a lock on it that other processes mind too (`flock`). Both end with this object.
final class FileLock: Sendable {
  /// What a lock keeps others from.
  enum Kind {
    /// Making or removing the file.
    case shared
    /// Any use of it.
    case exclusive
  }

  let path: String
  let descriptor: Int32

  /// Opens `path`; `nil` if there is no such file and `flags` do not make one.
  ///
  /// - Throws: `EngineError.unwritableFile` where a file shall be made, `.unreadableFile` elsewhere.
  init?(opening path: String, _ flags: Int32) throws(EngineError) {
    // Without O_NONBLOCK a named pipe would keep us waiting for its other end.
    descriptor = unsafe open(path, flags | O_CLOEXEC | O_NONBLOCK, 0o600)
    self.path = path
    guard descriptor < 0 else { return }
    if flags & O_CREAT != 0 { throw .unwritableFile(path: path, reason: systemErrorText()) }
    if errno == ENOENT { return nil }
    throw .unreadableFile(path: path, reason: systemErrorText())
  }

  deinit { close(descriptor) }

  /// Waits for the lock; one of the other kind is given up.
  func lock(_ kind: Kind) {
    // It fails only where the file system has no locks, and then nobody else has one.
    while flock(descriptor, kind == .shared ? LOCK_SH : LOCK_EX) != 0 && errno == EINTR {}
  }

  /// Takes the lock for this process alone if nobody has one.
  ///
  /// - Returns: whether nobody else has it.
  func lockIfFree() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK }

  /// Whether the file is still the one that its path names.
  var isInPlace: Bool {
    var (own, named) = (stat(), stat())
    return unsafe fstat(descriptor, &own) == 0 && stat(path, &named) == 0 && own.st_ino == named.st_ino
      && own.st_dev == named.st_dev
  }
}
