internal import Glibc

/// A file that comes to be all at once, when it is finished.
///
/// Until then it has no name, where the file system knows such files, so that a killed process leaves nothing behind;
/// elsewhere one of its own, which ends in `.new`.
final class NewFile: ByteSink {
  /// `O_TMPFILE` of open(2), which Swift does not import.
  private static let withoutName = 0o20000000 | O_DIRECTORY

  private let path: String
  private let file: File
  /// What it is called before it is finished.
  private let partialPath: String
  private var hasPartialName: Bool

  /// A file that will stand at `path`, in a folder that is there.
  init(_ path: String) throws(StoreError) {
    self.path = path
    partialPath = "\(path).\(getpid())-\(UInt32.random(in: .min ... .max)).new"
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    do throws(StoreError) {
      file = try File(folder, Self.withoutName | O_WRONLY, errorPath: path)
      hasPartialName = false
    } catch .system(_, _, EOPNOTSUPP), .system(_, _, EISDIR), .system(_, _, EINVAL) {
      file = try File(partialPath, O_WRONLY | O_CREAT | O_EXCL, errorPath: path)
      hasPartialName = true
    }
  }

  deinit {
    if hasPartialName { _ = unsafe unlink(partialPath) }
  }

  func write(_ bytes: RawSpan) throws(StoreError) { try file.write(bytes) }

  /// Whether a file with a hole of `byteCount` bytes takes less of the disk than one without. It is empty after.
  func keepsHoles(of byteCount: Int) throws(StoreError) -> Bool {
    try file.extend(to: byteCount)
    try file.synchronize()
    let allocated = try file.allocatedByteCount()
    try file.extend(to: 0)
    return allocated < byteCount
  }

  /// Puts the file in its place, on the disk, in the stead of one that is there.
  func finish() throws(StoreError) {
    try file.synchronize()
    if !hasPartialName {
      try file.link(to: partialPath)
      hasPartialName = true
    }
    guard unsafe rename(partialPath, path) == 0 else { throw StoreError(code: errno, operation: "rename", path: path) }
    hasPartialName = false
  }
}
