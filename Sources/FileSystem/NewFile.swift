internal import Glibc

/// A file that appears all at once, when it is finished: readers see the old one or the new one.
///
/// Until then it has no name if the file system allows that, so a killed process leaves nothing behind; otherwise its
/// name ends in `.new`.
public final class NewFile {
  private let folder: Folder
  private let name: FilePath
  private let file: OpenFile
  /// Its name before it is finished.
  private let partialName: FilePath
  private var hasPartialName: Bool

  /// A file that will be at `path`, in an existing folder.
  ///
  /// - Parameter permissions: permission bits, whatever the user's mask; `nil` for those that the mask leaves.
  public convenience init(_ path: FilePath, permissions: UInt32? = nil) throws(SystemFailure) {
    try self.init(path.lastComponent, in: Folder(path.parent), permissions: permissions)
  }

  /// A file that will be called `name` in `folder`.
  public init(_ name: FilePath, in folder: consuming Folder, permissions: UInt32? = nil) throws(SystemFailure) {
    let partial = name.withSuffix(".\(getpid())-\(UInt32.random(in: .min ... .max)).new")
    let mode = permissions ?? 0o666
    if let file = try Self.fileWithoutName(in: folder, shown: folder.path.appending(name), permissions: mode) {
      self.file = file
      hasPartialName = false
    } else {
      file = try folder.open(partial, .creatingNew(permissions: mode))
      hasPartialName = true
    }
    self.folder = folder
    self.name = name
    partialName = partial
    // The mask may not take away what was asked for.
    if let permissions { try file.setPermissions(permissions) }
  }

  /// A file without a name; `nil` where there are none, or where it could not be given one later.
  private static func fileWithoutName(
    in folder: borrowing Folder, shown path: FilePath, permissions: UInt32
  ) throws(SystemFailure) -> OpenFile? {
    do throws(SystemFailure) {
      let file = try OpenFile(
        ".", in: folder.descriptor, shown: path, .withoutName(permissions: permissions), followingLinks: true)
      // Naming it goes by way of /proc.
      if try FileStatus(of: file.pathOfDescriptor) == nil { return nil }
      return file
    } catch {
      guard [EOPNOTSUPP, EISDIR, EINVAL].contains(error.code) else { throw error }
      return nil
    }
  }

  deinit {
    if hasPartialName { try? folder.remove(partialName) }
  }

  /// Writes bytes behind those written before.
  public func write(_ bytes: RawSpan) throws(SystemFailure) { try file.write(bytes) }
  /// Writes bytes behind those written before.
  public func write(_ bytes: [UInt8]) throws(SystemFailure) { try file.write(bytes) }

  /// Whether the file system keeps holes: whether a hole of `byteCount` bytes takes less of the disk. The file is empty
  /// afterwards.
  public func keepsHoles(of byteCount: Int) throws(SystemFailure) -> Bool {
    try file.setLength(byteCount)
    try file.synchronize()
    let allocated = try file.status().allocatedByteCount
    try file.setLength(0)
    return allocated < byteCount
  }

  /// Syncs the file and renames it into place, replacing an existing one.
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
