internal import Glibc

/// A folder for files of this process alone, gone with the last reference to it.
public final class ScratchFolder: Sendable {
  /// Where it is.
  public let path: FilePath
  private let parent: FilePath

  /// Makes a folder, for its owner alone, where `TMPDIR` says, else in `/tmp`.
  public init() throws(SystemFailure) {
    let place = unsafe getenv("TMPDIR").map { unsafe FilePath(String(cString: $0)) }
    parent = place.flatMap { $0.isAbsolute ? $0 : nil } ?? "/tmp"
    let name = "pmlc-" + String(UInt64.random(in: .min ... .max), radix: 36)
    path = parent.appending(FilePath(name))
    _ = try Folder.making(path, permissions: 0o700)
  }

  deinit { try? Folder(parent).removeTree(path.lastComponent) }
}
