import CommandSupport
import PromptCache

/// The documents in a folder and in those below it.
enum DocumentFolder {
  private static let suffix = ".pml"
  /// Folders below each other; deeper ones are a loop of mounts, or no project.
  private static let deepest = 64

  /// Paths of all files whose names end in `.pml`, in order. Hidden folders, and links to others, are left out.
  ///
  /// - Parameter visiting: told each folder that was looked at.
  /// - Throws: for a folder that cannot be read, and where there is no document.
  static func documents(in folder: FilePath, visiting: (FilePath) -> Void) throws(UnreadableDocument) -> [FilePath] {
    let found = try documents(in: folder, depth: 0, visiting: visiting)
    guard !found.isEmpty else { throw UnreadableDocument(folder, .notFound, "the folder holds no file `*\(suffix)`") }
    return found
  }

  private static func documents(
    in path: FilePath, depth: Int, visiting: (FilePath) -> Void
  ) throws(UnreadableDocument) -> [FilePath] {
    guard depth < deepest else { return [] }
    visiting(path)
    let entries: [(path: FilePath, kind: FileStatus.Kind)]
    do throws(SystemFailure) {
      entries = try self.entries(of: path)
    } catch {
      throw UnreadableDocument(path, .own, error.reason)
    }
    var documents: [FilePath] = []
    for entry in entries {
      switch entry.kind {
      case .folder: documents += try self.documents(in: entry.path, depth: depth + 1, visiting: visiting)
      case .regular: documents.append(entry.path)
      // A link to a file, not one to a folder.
      case .link: if (try? FileStatus(of: entry.path))?.kind == .regular { documents.append(entry.path) }
      default: continue
      }
    }
    return documents
  }

  /// Folders that are not hidden, and what is called like a document, in order.
  private static func entries(of path: FilePath) throws(SystemFailure) -> [(path: FilePath, kind: FileStatus.Kind)] {
    let folder = try Folder(path)
    var entries: [(path: FilePath, kind: FileStatus.Kind)] = []
    for name in try folder.names().sorted() {
      // It may be gone by now.
      guard let kind = try folder.status(of: name)?.kind else { continue }
      let isWanted = kind == .folder ? name.bytes.first != UInt8(ascii: ".") : name.hasSuffix(suffix)
      if isWanted { entries.append((path.appending(name), kind)) }
    }
    return entries
  }
}
