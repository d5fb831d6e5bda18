import CommandSupport
import PromptCache

/// A document that could not be read.
struct UnreadableDocument: CategorizedError {
  let path: FilePath
  let category: FailureCategory
  let reason: String

  var message: String { "cannot read \(path.description.quoted(limit: 4096)): \(reason)" }
  var remedies: [Remedy] { [] }

  init(_ error: SourceFileError) { (path, category, reason) = (error.file, error.category, error.reason) }

  init(_ path: FilePath, _ category: FailureCategory, _ reason: String) {
    (self.path, self.category, self.reason) = (path, category, reason)
  }
}

extension SourceFile {
  /// Reads the document at `path`, whatever it is.
  static func readOnce(_ path: FilePath) throws(UnreadableDocument) -> SourceFile {
    do throws(SourceFileError) { return try read(path) } catch { throw UnreadableDocument(error) }
  }

  /// Reads the document at `path` and leaves it to be read again: pipes and devices are refused.
  static func readToWatch(_ path: FilePath) throws(UnreadableDocument) -> SourceFile {
    if let kind = try? FileStatus(of: path)?.kind, kind != .regular, kind != .folder {
      throw UnreadableDocument(path, .input, "it is not a regular file, so it cannot be watched")
    }
    return try readOnce(path)
  }
}
