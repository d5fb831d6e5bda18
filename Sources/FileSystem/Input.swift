internal import Glibc

/// What a program reads whole and once: a file, a pipe, a device, or standard input.
public enum Input {
  /// How long a pipe may have nobody who writes to it, in milliseconds.
  private static let longestWait: Int32 = 10_000

  /// Reads what is at `path` up to its end or to `limit` bytes, whichever comes first. `-` is standard input.
  ///
  /// - Throws: `SystemFailure`; for a pipe to which nobody writes, after some seconds.
  public static func read(_ path: FilePath, atMost limit: Int) throws(SystemFailure) -> [UInt8] {
    let file = try path.isStandardStream ? OpenFile.standardInput() : OpenFile(path, .reading)
    switch try file.status().kind {
    case .folder: throw SystemFailure("read", path, code: EISDIR)
    case .pipe where !path.isStandardStream:
      let start = try file.awaitWriter(atMost: longestWait)
      return try start + file.read(atMost: limit - start.count)
    default: return try file.read(atMost: limit)
    }
  }
}

extension OpenFile {
  fileprivate static func standardInput() throws(SystemFailure) -> OpenFile {
    let descriptor = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
    guard descriptor >= 0 else { throw SystemFailure("dup", "-") }
    return OpenFile(takingOver: descriptor, path: "-")
  }

  /// Waits until somebody has this pipe open for writing, or had. Reading it before would look like its end.
  ///
  /// - Returns: bytes that were read on the way.
  fileprivate func awaitWriter(atMost milliseconds: Int32) throws(SystemFailure) -> [UInt8] {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    // A pipe that nobody has opened yet has no event. One that was opened and closed has.
    var events: Int32
    repeat { events = unsafe poll(&request, 1, milliseconds) } while events < 0 && errno == EINTR
    guard events == 0 else { return [] }
    // Only a reading that does not wait tells a writer who is slow from one who is not there.
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    defer { _ = fcntl(descriptor, F_SETFL, flags) }
    var byte: UInt8 = 0
    let count = unsafe Glibc.read(descriptor, &byte, 1)
    guard count != 0 else { throw SystemFailure("poll", path, code: ETIMEDOUT) }
    return count > 0 ? [byte] : []
  }
}
