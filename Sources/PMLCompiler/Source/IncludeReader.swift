public import FileSystem
internal import Glibc

/// Gives the text files that a schema names in `src`.
public protocol IncludeReader: Sendable {
  /// The first `limit` bytes of the file at `path`, which is relative to the schema's own folder.
  ///
  /// The path has no `..` in it when this is called.
  func bytes(of path: FilePath, limit: Int) throws(IncludeError) -> [UInt8]

  /// Names of files in the folder in which `path` would lie, in order: what may have been meant by a path that leads to no file.
  /// Not all of them have to be there.
  func fileNames(besides path: FilePath) -> [FilePath]
}

extension IncludeReader {
  /// None.
  public func fileNames(besides path: FilePath) -> [FilePath] { [] }
}

/// Why a file of `src` is not taken.
public enum IncludeError: Error, Hashable, Sendable {
  /// It, or a link on the way to it, leaves the schema's folder.
  case leavesFolder
  /// It is a folder, a device or a pipe.
  case notRegularFile
  /// The schema came without a folder.
  case noFolder
  /// It could not be read.
  case unreadable(SystemFailure)
}

/// Reads `src` files from the folder of a schema's file, and from nowhere else.
public struct FolderIncludeReader: IncludeReader {
  private let folder: FilePath

  /// A folder of more files is not looked through for one that was meant.
  private static let mostNames = 1000

  /// A reader for the schema at `path`.
  public init(besides path: FilePath) { folder = path.parent }

  /// The bytes of a file in the folder or below it.
  ///
  /// The file is found without being opened for reading, then judged by where the kernel says that it lies. So no link
  /// leads out, even one that changes meanwhile, and no device or pipe is touched.
  public func bytes(of path: FilePath, limit: Int) throws(IncludeError) -> [UInt8] {
    let root = try reading { () throws(SystemFailure) -> FilePath in try place(of: Folder(folder)) }
    let file = try reading { () throws(SystemFailure) -> OpenFile in try OpenFile(folder.appending(path), .path) }
    let found = try reading { () throws(SystemFailure) -> FilePath in try place(of: file.pathOfDescriptor) }
    guard found == root || found.relative(to: root) != nil else { throw .leavesFolder }
    guard try reading({ () throws(SystemFailure) -> FileStatus.Kind in try file.status().kind }) == .regular else {
      throw .notRegularFile
    }
    return try reading { () throws(SystemFailure) -> [UInt8] in
      try OpenFile(file.pathOfDescriptor, .reading).read(atMost: limit)
    }
  }

  /// Names of the files, hidden ones aside, in the folder of `path`; none where that is not the schema's folder or in it.
  public func fileNames(besides path: FilePath) -> [FilePath] {
    do throws(SystemFailure) {
      let root = try place(of: Folder(folder))
      let parent = try Folder(path.parent == "." ? folder : folder.appending(path.parent))
      let found = try place(of: parent.pathOfDescriptor)
      guard found == root || found.relative(to: root) != nil else { return [] }
      let names = try parent.names()
      guard names.count <= Self.mostNames else { return [] }
      var files: [FilePath] = []
      for name in names.sorted() where name.bytes.first != UInt8(ascii: ".") {
        if try parent.status(of: name)?.kind == .regular { files.append(name) }
      }
      return files
    } catch {
      return []
    }
  }

  private func reading<Value: ~Copyable>(_ body: () throws(SystemFailure) -> Value) throws(IncludeError) -> Value {
    do {
      return try body()
    } catch {
      throw .unreadable(error)
    }
  }

  private func place(of folder: consuming Folder) throws(SystemFailure) -> FilePath {
    try place(of: folder.pathOfDescriptor)
  }

  private func place(of link: FilePath) throws(SystemFailure) -> FilePath {
    let place = link.resolved
    // Without /proc, nothing is known.
    guard place != link else { throw SystemFailure("realpath", folder, code: ENOENT) }
    return place
  }
}

extension FilePath {
  /// What follows `folder` in this path; `nil` where it is not below it. Both are absolute and without links.
  func relative(to folder: FilePath) -> FilePath? {
    let slash = UInt8(ascii: "/")
    let prefix = folder.bytes.last == slash ? folder.bytes : folder.bytes + [slash]
    guard bytes.starts(with: prefix), bytes.count > prefix.count else { return nil }
    return FilePath(bytes: bytes.dropFirst(prefix.count))
  }
}
