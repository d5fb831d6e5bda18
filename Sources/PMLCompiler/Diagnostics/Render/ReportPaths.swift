public import FileSystem

/// How a report for another program names files: by their paths in a folder that the program knows as well.
///
/// A service that shows a report beside the lines of a repository resolves paths from the repository's root, whichever
/// folder the check ran in.
public struct ReportPaths: Sendable {
  /// A file's place in its repository.
  struct Place: Hashable {
    /// The root, absolute.
    let root: FilePath
    /// The path from there.
    let path: FilePath
  }

  private let folder: FilePath
  private let workspace: FilePath?

  /// Paths from `workspace` for files that lie in it. For others, they are from the root of the git repository that
  /// holds the file, if there is one, else as given.
  ///
  /// - Parameters:
  ///   - folder: where relative paths of files start.
  ///   - workspace: the folder in which a service checked the repository out, if it says so.
  public init(folder: FilePath = .currentFolder, workspace: FilePath? = nil) {
    self.folder = folder
    self.workspace = workspace.map { folder.appending($0).resolved }
  }

  /// Where `file` lies; `nil` where that is in no known folder.
  func place(of file: FilePath) -> Place? {
    guard file != SourceFile.standardInput else { return nil }
    let resolved = absolute(file)
    let parent = resolved.parent
    guard
      let root = [workspace, repository(holding: parent)].compactMap({ $0 }).first(where: {
        resolved.relative(to: $0) != nil
      }), let path = resolved.relative(to: root)
    else { return nil }
    return Place(root: root, path: path)
  }

  /// The path of `file` from `/`. Links to folders are followed; the file itself may be a link, and a repository knows it
  /// by its own name.
  func absolute(_ file: FilePath) -> FilePath {
    guard file != SourceFile.standardInput else { return file }
    let path = folder.appending(file)
    return path.parent.resolved.appending(path.lastComponent)
  }

  /// `file` as given, without what every path from the folder begins with.
  func given(_ file: FilePath) -> FilePath {
    var path = file.relative(to: folder) ?? file
    while let rest = path.relative(to: ".") { path = rest }
    return path
  }

  /// The nearest folder from `folder` upwards that holds `.git`: a folder, or a file in worktrees and submodules.
  private func repository(holding folder: FilePath) -> FilePath? {
    var candidate = folder
    while true {
      if (try? FileStatus(of: candidate.appending(".git"))) != nil { return candidate }
      let parent = candidate.parent
      guard parent != candidate, candidate.isAbsolute else { return nil }
      candidate = parent
    }
  }
}
