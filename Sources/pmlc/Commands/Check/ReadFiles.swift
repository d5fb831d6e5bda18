import CommandSupport
import PromptCache
import Synchronization

/// The files that a check has read, or has looked for, and what they were like just before.
final class ReadFiles: Sendable {
  private let stamps = Mutex<[FilePath: Stamp?]>([:])

  /// By what one sees, without reading it, that a file is another one or was written to.
  private struct Stamp: Equatable {
    let identity: FileStatus.Identity
    let byteCount: Int
    let changeTime: Int

    init?(of path: FilePath) {
      guard let status = try? FileStatus(of: path) else { return nil }
      (identity, byteCount, changeTime) = (status.identity, status.byteCount, status.changeTime)
    }
  }

  /// Notes what the file at `path` is like, if that is not known yet.
  func note(_ path: FilePath) {
    let stamp = Stamp(of: path)
    stamps.withLock { if $0[path] == nil { $0.updateValue(stamp, forKey: path) } }
  }

  /// Whether one of them is not as it was.
  var haveChanged: Bool {
    stamps.withLock { stamps in stamps.contains { path, stamp in Stamp(of: path) != stamp } }
  }

  /// How many there are.
  var count: Int { stamps.withLock(\.count) }

  /// The folders in which a change of one of them shows.
  var folders: Set<FilePath> {
    stamps.withLock { stamps in
      var folders: Set<FilePath> = []
      for path in stamps.keys {
        folders.insert(Self.nearestFolder(of: path))
        // Behind a link, the file itself lies elsewhere.
        folders.insert(path.resolved.parent)
      }
      return folders
    }
  }

  /// The folder of a path, or the nearest above it that there is: where the next one on the way would be made.
  private static func nearestFolder(of path: FilePath) -> FilePath {
    var nearest = path.parent
    while nearest.parent != nearest, Stamp(of: nearest) == nil { nearest = nearest.parent }
    return nearest
  }
}

/// Reads files of `src`, and notes which.
struct NotingIncludeReader: IncludeReader {
  private let folder: FilePath
  private let reader: FolderIncludeReader
  private let files: ReadFiles

  /// A reader for the schema at `path`.
  init(_ reader: FolderIncludeReader, besides path: FilePath, noting files: ReadFiles) {
    folder = path.parent
    self.reader = reader
    self.files = files
  }

  func bytes(of path: FilePath, limit: Int) throws(IncludeError) -> [UInt8] {
    files.note(folder == "." ? path : folder.appending(path))
    return try reader.bytes(of: path, limit: limit)
  }

  func fileNames(besides path: FilePath) -> [FilePath] { reader.fileNames(besides: path) }
}
