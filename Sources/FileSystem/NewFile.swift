internal import Glibc

/// A file that comes to be all at once, when it is finished: readers see the old one or the new one.
///
/// Until then it has no name, where the file system knows such files, so that a killed process leaves nothing behind;
/// elsewhere one of its own, which ends in `.new`.
public final class NewFile {
  private let folder: Folder
  private let name: FilePath
  private let file: OpenFile
  /// What it is called before it is finished.
  private let partialName: FilePath
  private var hasPartialName: Bool

  /// A file that will stand at `path`, in a folder that is there.
  ///
  /// - Parameter permissions: permission bits; `nil` for those that the user's mask leaves.
  public convenience init(_ path: FilePath, permissions: UInt32? = nil) throws(SystemFailure) {
    try self.init(path.lastComponent, in: Folder(path.parent), permissions: permissions)
  }

  /// A file that will be called `name` in `folder`.
  public init(_ name: FilePath, in folder: consuming Folder, permissions: UInt32? = nil) throws(SystemFailure) {
    let partial = name.withSuffix(".\(getpid())-\(UInt32.random(in: .min ... .max)).new")
    let mode = permissions ?? 0o666
    do throws(SystemFailure) {
      file = try OpenFile(
        folder.pathOfDescriptor, in: AT_FDCWD, shown: folder.path.appending(name), .withoutName(permissions: mode),
        followingLinks: true)
      hasPartialName = false
    } catch {
      guard [EOPNOTSUPP, EISDIR, EINVAL].contains(error.code) else { throw error }
      file = try folder.open(partial, .creatingNew(permissions: mode))
      hasPartialName = true
    }
    self.folder = folder
    self.name = name
    partialName = partial
    // The mask may not take away what was asked for.
    if let permissions { try file.setPermissions(permissions) }
  }

  deinit {
    if hasPartialName { try? folder.remove(partialName) }
  }

  /// Writes bytes behind those written before.
  public func write(_ bytes: RawSpan) throws(SystemFailure) { try file.write(bytes) }
  /// Writes bytes behind those written before.
  public func write(_ bytes: [UInt8]) throws(SystemFailure) { try file.write(bytes) }

  /// Whether a file with a hole of `byteCount` bytes takes less of the disk than one without. It is empty after.
  public func keepsHoles(of byteCount: Int) throws(SystemFailure) -> Bool {
    try file.setLength(byteCount)
    try file.synchronize()
    let allocated = try file.status().allocatedByteCount
    try file.setLength(0)
    return allocated < byteCount
  }

  /// Puts the file in its place, on the disk, in the stead of one that is there.
  public func finish() throws(SystemFailure) {
    try file.synchronize()
    if !hasPartialName {
      try folder.link(file, as: partialName)
      hasPartialName = true
    }
    try folder.rename(partialName, to: name)
    hasPartialName = false
    try folder.synchronize()
  }
}
