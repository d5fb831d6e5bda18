internal import Glibc

/// Where a program's input comes from, read once from start to end: a file, a pipe, a device, or standard input (`-`).
public final class Input {
  private let file: OpenFile

  /// The path that it was opened by, for messages.
  public var path: FilePath { file.path }

  /// Opens what is at `path`. For a pipe it waits until somebody writes.
  public init(_ path: FilePath) throws(SystemFailure) {
    if path.isStandardStream {
      let descriptor = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
      guard descriptor >= 0 else { throw SystemFailure("dup", path) }
      file = OpenFile(takingOver: descriptor, path: path)
    } else if try FileStatus(of: path)?.kind == .pipe {
      file = try OpenFile(waitingToRead: path)
    } else {
      file = try OpenFile(path, .reading)
    }
  }

  /// Reads from a file that is open, from its current place on.
  public init(_ file: consuming OpenFile) { self.file = file }

  /// The file's status.
  public func status() throws(SystemFailure) -> FileStatus { try file.status() }

  /// Fills `span` with the next bytes, as far as there are any.
  ///
  /// - Returns: how many.
  public func read(into span: inout MutableRawSpan) throws(SystemFailure) -> Int {
    let count = span.byteCount
    var (filled, failure) = (0, Int32(0))
    let descriptor = file.descriptor
    unsafe span.withUnsafeMutableBytes { buffer in
      while filled < count {
        let read = unsafe Glibc.read(descriptor, buffer.baseAddress.map { unsafe $0 + filled }, count - filled)
        if read < 0, errno == EINTR { continue }
        if read < 0 { failure = errno }
        if read <= 0 { break }
        filled += read
      }
    }
    guard failure == 0 else { throw SystemFailure("read", path, code: failure) }
    return filled
  }
}

extension OpenFile {
  /// Opens a pipe for reading, and waits until somebody writes.
  fileprivate init(waitingToRead path: FilePath) throws(SystemFailure) {
    var opened: Int32
    repeat {
      opened = unsafe path.withCString { unsafe Glibc.open($0, O_RDONLY | O_CLOEXEC) }
    } while opened < 0
      && errno == EINTR
    guard opened >= 0 else { throw SystemFailure("open", path) }
    self.init(takingOver: opened, path: path)
  }
}
