internal import Glibc

/// Gives the text files that a schema names in `src`.
public protocol IncludeReader: Sendable {
  /// The bytes of the file at `path`, relative to the schema's own folder: `limit` of them at most.
  ///
  /// The path is relative and has no `..` in it when this is called.
  func bytes(of path: String, limit: Int) throws(IncludeError) -> [UInt8]
}

/// Why a file of `src` is not taken.
public enum IncludeError: Error, Hashable, Sendable {
  /// It, or a link on the way to it, leaves the schema's folder.
  case leavesFolder
  /// A folder, a device, a pipe.
  case notRegularFile
  /// It could not be read.
  case unreadable(FileError)
}

/// Reads `src` files from the folder of a schema's file, and from nowhere else.
public struct FolderIncludeReader: IncludeReader {
  private let folder: String

  /// A reader for the schema at `path`.
  public init(besides path: String) {
    folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
  }

  /// The bytes of a file in the folder or below it.
  ///
  /// The file is found without being opened for reading, then judged by where the kernel says that it lies, so that no
  /// link leads out, even one that changes meanwhile, and no device or pipe is touched.
  public func bytes(of path: String, limit: Int) throws(IncludeError) -> [UInt8] {
    let root = try reading { () throws(FileError) in
      try realPath(of: OpenFile(folder, flags: OpenFile.pathOnly | O_DIRECTORY))
    }
    let file = try reading { () throws(FileError) in try OpenFile(folder + "/" + path, flags: OpenFile.pathOnly) }
    let place = try reading { () throws(FileError) in try realPath(of: file) }
    guard (place + "/").hasPrefix(root == "/" ? root : root + "/") else { throw .leavesFolder }
    guard try reading({ () throws(FileError) in try file.kind() }) == .regular else { throw .notRegularFile }
    return try reading { () throws(FileError) in try OpenFile(file.link).read(atMost: limit) }
  }

  private func reading<Value: ~Copyable>(_ body: () throws(FileError) -> Value) throws(IncludeError) -> Value {
    do {
      return try body()
    } catch {
      throw .unreadable(error)
    }
  }

  private func realPath(of file: borrowing OpenFile) throws(FileError) -> String {
    let resolved = unsafe realpath(file.link, nil)
    defer { unsafe free(resolved) }
    guard let resolved = unsafe resolved else { throw FileError(errno: errno) }
    return unsafe String(cString: resolved)
  }
}
