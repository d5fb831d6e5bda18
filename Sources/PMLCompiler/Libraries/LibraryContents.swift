/// Which documents the libraries of a schema have.
public protocol LibraryNames: Sendable {
  /// Whether `library` has a document called `name`.
  func contains(_ name: String, in library: Schema.Library) throws(LibraryFailure) -> Bool
  /// The names of all documents of `library`, for suggestions and grammars.
  func names(in library: Schema.Library) throws(LibraryFailure) -> [String]
}

/// The documents of a schema's libraries, for one model's tokenizer.
public protocol LibraryContents: LibraryNames {
  /// The tokens of a document, run by run; `nil` if there is none of this name.
  func tokens(of name: String, in library: Schema.Library) throws(LibraryFailure) -> [[TokenID]]?
}

/// Documents that could not be read from where they are.
public struct LibraryFailure: Error, Sendable {
  /// Why.
  public let cause: any Error

  /// A failure.
  public init(_ cause: any Error) { self.cause = cause }
}

/// The documents of schemas that have no libraries.
public struct NoLibraries: LibraryContents {
  /// None.
  public init() {}
  /// It has none.
  public func contains(_ name: String, in library: Schema.Library) -> Bool { false }
  /// None.
  public func names(in library: Schema.Library) -> [String] { [] }
  /// There is none.
  public func tokens(of name: String, in library: Schema.Library) -> [[TokenID]]? { nil }
}
