internal import Glibc

/// Where a program's output goes: a file that comes to be all at once, or something that is written to as it stands.
///
/// Links are followed, so that they stay links. `-` is standard output. Devices and pipes stay what they are.
public final class Output {
  private enum Target {
    case newFile(NewFile)
    case stream(Stream)
  }

  /// A file that is not replaced.
  private final class Stream {
    let file: OpenFile
    init(_ file: consuming OpenFile) { self.file = file }
  }

  private let target: Target

  /// Whether readers see the old contents until `finish`.
  public var isAtomic: Bool {
    if case .newFile = target { true } else { false }
  }

  /// Opens what is at `path` for output. What is there keeps its permissions.
  ///
  /// - Parameter permissions: those of a file that is not there yet; `nil` for those that the user's mask leaves.
  public init(_ path: FilePath, permissions: UInt32? = nil) throws(SystemFailure) {
    if path.isStandardStream {
      let descriptor = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
      guard descriptor >= 0 else { throw SystemFailure("dup", path) }
      target = .stream(Stream(OpenFile(takingOver: descriptor, path: path)))
      return
    }
    guard let status = try FileStatus(of: path) else {
      target = .newFile(try NewFile(path.destinationOfLinks, permissions: permissions))
      return
    }
    switch status.kind {
    case .folder: throw SystemFailure("open", path, code: EISDIR)
    case .regular: target = .newFile(try NewFile(path.resolved, permissions: status.mode))
    // A pipe's reader may yet come.
    case .pipe: target = .stream(Stream(try OpenFile(waitingToWrite: path)))
    default: target = .stream(Stream(try OpenFile(path, .writing)))
    }
  }

  /// Writes bytes behind those written before.
  public func write(_ bytes: RawSpan) throws(SystemFailure) {
    switch target {
    case .newFile(let file): try file.write(bytes)
    case .stream(let stream): try stream.file.write(bytes)
    }
  }

  /// Writes bytes behind those written before.
  public func write(_ bytes: [UInt8]) throws(SystemFailure) { try unsafe write(bytes.span.bytes) }

  /// Puts a file in its place. Without this, one that was there stays as it was.
  public func finish() throws(SystemFailure) {
    if case .newFile(let file) = target { try file.finish() }
  }
}

extension OpenFile {
  /// Opens a pipe for writing, and waits until somebody reads.
  fileprivate init(waitingToWrite path: FilePath) throws(SystemFailure) {
    var opened: Int32
    repeat {
      opened = unsafe path.withCString { unsafe Glibc.open($0, O_WRONLY | O_CLOEXEC) }
    } while opened < 0
      && errno == EINTR
    guard opened >= 0 else { throw SystemFailure("open", path) }
    self.init(takingOver: opened, path: path)
  }
}

extension FilePath {
  /// Where a link without a file behind it leads; the path itself where it is no link.
  fileprivate var destinationOfLinks: FilePath {
    var path = self
    // The system follows no more than 40.
    for _ in 0..<40 {
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = unsafe path.withCString { unsafe readlink($0, &buffer, buffer.count) }
      guard count > 0 else { return path }
      path = path.parent.appending(FilePath(bytes: buffer.prefix(count).map { UInt8(bitPattern: $0) }))
    }
    return path
  }
}
