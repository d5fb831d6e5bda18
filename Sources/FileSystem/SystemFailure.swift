internal import Glibc

/// What the system refused.
public struct SystemFailure: Error, Hashable, Sendable {
  /// The call, as its manual page is named.
  public let operation: String
  /// What it was about.
  public let path: FilePath
  /// The system's error number.
  public let code: Int32

  /// A failure with this error number.
  public init(_ operation: String, _ path: FilePath, code: Int32) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  /// Whether there is no such file.
  public var isNotFound: Bool { code == ENOENT || code == ENOTDIR }
  /// Whether rights are missing.
  public var isPermissionDenied: Bool { code == EACCES || code == EPERM }
  /// Whether the disk, or the user's part of it, is full.
  public var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }
  /// Whether the file system is mounted for reading alone.
  public var isReadOnlyFileSystem: Bool { code == EROFS }

  /// What the system says of it, as a clause about the file.
  public var reason: String {
    switch code {
    case ENOENT, ENOTDIR: "there is no such file"
    case EACCES, EPERM: "permission denied"
    case EISDIR: "it is a folder"
    default: unsafe String(cString: strerror(code))
    }
  }
}

extension SystemFailure: CustomStringConvertible {
  /// The call, the path and the reason.
  public var description: String { "\(operation) failed for `\(path)`: \(reason)" }
}
