internal import Glibc

/// Where a program's output goes: a file that comes to be all at once, or something that is written to as it stands.
///
/// Links are followed, so that they stay links. `-` is standard output. Devices and pipes stay what they are, and so does
/// a file that this process has open, by whichever of the names that `/dev` and `/proc` have for it: `/dev/stdout` may be
/// the end of a log.
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
    let destination = path.destinationOfLinks
    if let descriptor = path.isStandardStream ? STDOUT_FILENO : destination.openDescriptor {
      target = .stream(Stream(try OpenFile(duplicating: descriptor, path: path)))
      return
    }
    guard let status = try FileStatus(of: path) else {
      target = .newFile(try NewFile(destination, permissions: permissions))
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
    let opened = unsafe path.withCString { path in calling { unsafe Glibc.open(path, O_WRONLY | O_CLOEXEC) } }
    self.init(takingOver: try opened.checked("open", path), path: path)
  }
}

extension FilePath {
  /// Where a link leads, whether or not a file is there, or the name of an open descriptor to which it leads; the path
  /// itself where it is no link.
  fileprivate var destinationOfLinks: FilePath {
    var path = self
    // The system follows no more than 40.
    for _ in 0..<40 {
      if path.openDescriptor != nil { return path }
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = unsafe path.withCString { unsafe readlink($0, &buffer, buffer.count) }
      guard count > 0 else { return path }
      path = path.parent.appending(FilePath(bytes: buffer.prefix(count).map { UInt8(bitPattern: $0) }))
    }
    return path
  }

  /// The descriptor of this process that the path names, as `/proc/self/fd/1` does.
  fileprivate var openDescriptor: Int32? {
    guard let number = Int32(String(decoding: lastComponent.bytes, as: UTF8.self)), number >= 0,
      parent.resolved == FilePath("/proc/self/fd").resolved
    else { return nil }
    return number
  }
}
