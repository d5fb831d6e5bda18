import Glibc
import PromptCache
import Synchronization

/// The files that a check has read, or has looked for, and what they were like just before.
final class ReadFiles: Sendable {
  private let stamps = Mutex<[String: FileStamp?]>([:])

  /// Notes what the file at `path` is like, if that is not known yet.
  func note(_ path: String) {
    let stamp = FileStamp(of: path)
    stamps.withLock { if $0[path] == nil { $0.updateValue(stamp, forKey: path) } }
  }

  /// Whether one of them is not as it was.
  var haveChanged: Bool {
    stamps.withLock { stamps in stamps.contains { path, stamp in FileStamp(of: path) != stamp } }
  }

  /// How many there are.
  var count: Int { stamps.withLock(\.count) }

  /// The folders in which a change of one of them shows.
  var folders: Set<String> {
    stamps.withLock { stamps in
      var folders: Set<String> = []
      for path in stamps.keys {
        folders.insert(nearestFolder(of: path))
        // Behind a link, the file itself lies elsewhere.
        if let real = realPath(of: path) { folders.insert(folder(of: real)) }
      }
      return folders
    }
  }
}

/// The folder of a path, or the nearest above it that there is: where the next one on the way would be made.
private func nearestFolder(of path: String) -> String {
  var nearest = folder(of: path)
  while nearest != "/", nearest != ".", FileStamp(of: nearest) == nil { nearest = folder(of: nearest) }
  return nearest
}

private func folder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

private func realPath(of path: String) -> String? {
  let resolved = unsafe realpath(path, nil)
  defer { unsafe free(resolved) }
  return unsafe resolved.map { unsafe String(cString: $0) }
}

/// Reads files of `src` as a schema's folder has them, and notes which.
struct NotingIncludeReader: IncludeReader {
  private let folder: FilePath
  private let reader: FolderIncludeReader
  private let files: ReadFiles

  /// A reader for the schema at `path`.
  init(besides path: FilePath, noting files: ReadFiles) {
    folder = path.parent
    reader = FolderIncludeReader(besides: path)
    self.files = files
  }

  func bytes(of path: FilePath, limit: Int) throws(IncludeError) -> [UInt8] {
    files.note((folder == "." ? path : folder.appending(path)).description)
    return try reader.bytes(of: path, limit: limit)
  }
}
