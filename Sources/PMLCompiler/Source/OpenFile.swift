internal import Glibc

/// Why a file could not be read.
public enum FileError: Error, Hashable, Sendable {
  case notFound
  case notPermitted
  case isFolder
  /// Any other failure, by the number that the system gave.
  case system(errno: Int32)

  init(errno: Int32) {
    switch errno {
    case ENOENT, ENOTDIR: self = .notFound
    case EACCES, EPERM: self = .notPermitted
    case EISDIR: self = .isFolder
    default: self = .system(errno: errno)
    }
  }
}

extension FileError: CustomStringConvertible {
  /// What is wrong, as a clause about the file.
  public var description: String {
    switch self {
    case .notFound: "there is no such file"
    case .notPermitted: "permission denied"
    case .isFolder: "it is a folder"
    case .system(let errno): unsafe String(cString: strerror(errno))
    }
  }
}

/// A file descriptor, closed at the end of its life.
struct OpenFile: ~Copyable {
  enum Kind { case regular, folder, other }

  /// Finds a file without opening it for reading or writing; the macro of this name is too deep for Swift.
  static let pathOnly: Int32 = 0o10_000_000  // O_PATH

  private let descriptor: Int32

  /// Opens `path` for reading, or with `flags`.
  init(_ path: String, flags: Int32 = O_RDONLY) throws(FileError) {
    descriptor = unsafe open(path, flags | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(errno: errno) }
  }

  deinit { close(descriptor) }

  /// The path by which this process finds the file, whatever has its name now.
  var link: String { "/proc/self/fd/\(descriptor)" }

  func kind() throws(FileError) -> Kind {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw FileError(errno: errno) }
    return switch status.st_mode & S_IFMT {
    case S_IFREG: .regular
    case S_IFDIR: .folder
    default: .other
    }
  }

  /// The bytes up to the end or to `limit`, whichever comes first; a file may grow or shrink meanwhile.
  func read(atMost limit: Int) throws(FileError) -> [UInt8] {
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
      guard failure == 0 else { throw FileError(errno: failure) }
      if chunk.isEmpty { break }
      bytes.append(contentsOf: chunk)
    }
    return bytes
  }
}
