import Glibc
import PromptCache

extension SourceFile {
  /// The most that a document may have, and one byte, so that the compiler can say that it is too large.
  private static let limit = (64 << 20) + 1

  /// Reads the document at `path`, or standard input where that is `-`.
  ///
  /// - Parameter files: whether only regular files are read. Others can be read once, or without end.
  static func read(_ path: FilePath, onlyRegular files: Bool = false) throws(UnreadableDocument) -> SourceFile {
    do throws(SystemFailure) {
      let file = try open(path)
      let kind = try file.status().kind
      if files, kind != .regular, kind != .folder {
        throw SystemFailure("open", path, code: UnreadableDocument.notRegular)
      }
      // Of a pipe without a writer, the end would be read.
      if kind == .pipe { file.waitForWriter() }
      return SourceFile(path: path.shownAsInput, bytes: try file.read(atMost: limit))
    } catch {
      throw UnreadableDocument(path: path, failure: error)
    }
  }

  private static func open(_ path: FilePath) throws(SystemFailure) -> OpenFile {
    guard path.isStandardStream else { return try OpenFile(path, .reading) }
    let copy = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw SystemFailure("dup", path, code: errno) }
    return OpenFile(takingOver: copy, path: path)
  }
}

/// A document that could not be read.
struct UnreadableDocument: CategorizedError {
  let path: FilePath
  let failure: SystemFailure

  /// Stands for something that is neither a file nor a folder.
  fileprivate static let notRegular = ENOTSUP

  var shownPath: String { path.shownAsInput }
  var reason: String {
    failure.code == Self.notRegular ? "it is not a regular file, so it cannot be watched" : failure.reason
  }

  var category: FailureCategory { failure.isNotFound ? .notFound : .input }
  var message: String { "cannot read `\(shownPath)`: \(reason)" }
  var remedies: [Remedy] { [] }
}

extension FilePath {
  fileprivate var shownAsInput: String { isStandardStream ? "<stdin>" : description }
}

extension OpenFile {
  fileprivate borrowing func waitForWriter() {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while unsafe poll(&request, 1, -1) < 0 && errno == EINTR {}
  }
}
