internal import Glibc

/// Where a program's input comes from, read once from start to end: a file, a pipe, a device, or standard input (`-`).
public final class Input {
  private let file: OpenFile
  /// What was read while waiting for a pipe's writer.
  private var start: ArraySlice<UInt8> = []

  /// How long a pipe may have nobody who writes to it, in milliseconds.
  private static let longestWait: Int32 = 10_000

  /// The path that it was opened by, for messages.
  public var path: FilePath { file.path }

  /// Opens what is at `path`. For a pipe it waits until somebody writes.
  ///
  /// - Throws: `SystemFailure`; for a pipe to which nobody writes, after some seconds.
  public init(_ path: FilePath) throws(SystemFailure) {
    if path.isStandardStream {
      file = try OpenFile(duplicating: STDIN_FILENO, path: path)
    } else {
      file = try OpenFile(path, .reading)
      if try file.status().kind == .pipe { start = try file.awaitWriter(atMost: Self.longestWait)[...] }
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
    let descriptor = file.descriptor
    var filled = min(start.count, count)
    unsafe span.withUnsafeMutableBytes { unsafe $0.copyBytes(from: start.prefix(filled)) }
    start = start.dropFirst(filled)
    while filled < count {
      let read = unsafe span.withUnsafeMutableBytes { buffer in
        calling { unsafe Glibc.read(descriptor, buffer.baseAddress.map { unsafe $0 + filled }, count - filled) }
      }
      let more = try read.checked("read", path)
      if more == 0 { break }
      filled += more
    }
    return filled
  }

  /// Reads what is at `path` up to its end or to `limit` bytes, whichever comes first. `-` is standard input.
  ///
  /// - Throws: `SystemFailure`; for a pipe to which nobody writes, after some seconds.
  public static func read(_ path: FilePath, atMost limit: Int) throws(SystemFailure) -> [UInt8] {
    let input = try Input(path)
    guard try input.status().kind != .folder else { throw SystemFailure("read", path, code: EISDIR) }
    let rest = try input.file.read(atMost: limit - input.start.count)
    return input.start.isEmpty ? rest : input.start + rest
  }
}

extension OpenFile {
  /// Waits until somebody has this pipe open for writing, or had. Reading it before would look like its end.
  ///
  /// - Returns: bytes that were read on the way.
  fileprivate func awaitWriter(atMost milliseconds: Int32) throws(SystemFailure) -> [UInt8] {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    // A pipe that nobody has opened yet has no event. One that was opened and closed has.
    let events = calling { unsafe poll(&request, 1, milliseconds) }.value
    guard events == 0 else { return [] }
    // Only a reading that does not wait tells a writer who is slow from one who is not there.
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    defer { _ = fcntl(descriptor, F_SETFL, flags) }
    var byte: UInt8 = 0
    let count = calling { unsafe Glibc.read(descriptor, &byte, 1) }.value
    guard count != 0 else { throw SystemFailure("poll", path, code: ETIMEDOUT) }
    return count > 0 ? [byte] : []
  }
}
