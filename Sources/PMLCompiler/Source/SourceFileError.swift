public import Failure
public import FileSystem

/// A document that could not be read.
public struct SourceFileError: Hashable, Sendable {
  /// Its path as the user gave it.
  public let file: FilePath
  /// What the system refused.
  public let failure: SystemFailure

  /// Why, as a clause about the file.
  public var reason: String { failure.reason }
}

extension SourceFileError: CategorizedError, CustomStringConvertible {
  /// Not found, or refused by the system.
  public var category: FailureCategory { failure.isNotFound ? .notFound : .own }
  /// Which file, and why.
  public var message: String { "cannot read \(file.quoted): \(reason)" }
  /// None: the reason says it.
  public var remedies: [Remedy] { [] }
}

extension FilePath {
  /// The path in a message: in backquotes and safe to print. It is cut only where no system has paths of that length.
  var quoted: String { description.quoted(limit: 4096) }
}
