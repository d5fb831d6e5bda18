public import ContentHash
public import FileSystem

/// A document of a library, as the schema's source has it.
public struct SourceDocument: Sendable {
  /// Its name in the library.
  public let name: String
  /// Identity of what it says.
  public let content: SHA256Digest
  /// Where its text is: that of `src` is read when it is needed, so that memory need not hold all of a library.
  let src: String?
  /// Its own text, behind that of `src`; `nil` if there is none.
  let text: TextRun?
  /// Where the value of its `name` stands in the schema's file.
  let nameRange: Range<Int>
}

/// The documents of the libraries of one schema, as its source has them.
public struct SourceLibraries: LibraryNames {
  /// The documents of one library, and where they are by name.
  private struct Documents: Sendable {
    let all: [SourceDocument]
    let indices: [String: Int]
  }

  private let libraries: [String: Documents]
  private let includes: any IncludeReader
  private let source: SourceFile

  /// - Parameters:
  ///   - documents: by the library's name.
  ///   - source: the schema's file.
  ///   - includes: reads the files of `src`.
  init(_ documents: [String: [SourceDocument]], in source: SourceFile, includes: any IncludeReader) {
    libraries = documents.mapValues { all in
      Documents(all: all, indices: Dictionary(zip(all.map(\.name), all.indices)) { first, _ in first })
    }
    self.source = source
    self.includes = includes
  }

  /// The documents of a library, in order.
  public func documents(of library: Schema.Library) -> [SourceDocument] { libraries[library.name]?.all ?? [] }

  /// The document of this name.
  public func document(_ name: String, in library: Schema.Library) -> SourceDocument? {
    place(of: name, in: library).map { documents(of: library)[$0] }
  }

  /// Place of the document of this name in the library's order, from 0.
  public func place(of name: String, in library: Schema.Library) -> Int? { libraries[library.name]?.indices[name] }

  /// Whether `library` has a document called `name`.
  public func contains(_ name: String, in library: Schema.Library) -> Bool { document(name, in: library) != nil }

  /// The names of all documents of `library`, in order.
  public func names(in library: Schema.Library) -> [String] { documents(of: library).map(\.name) }

  /// What a document says: the text of its file, then its own.
  ///
  /// - Throws: `LibraryFailure` for a file that cannot be read any more, or says something else than when the schema was
  ///   compiled.
  public func runs(of document: SourceDocument) throws(LibraryFailure) -> [TextRun] {
    guard let src = document.src else { return document.text.map { [$0] } ?? [] }
    let runs: [TextRun]
    do throws(IncludeProblem) {
      runs = Self.runs(try IncludedText.read(src, by: includes), document.text)
    } catch {
      throw LibraryFailure(SourceFileChanged(file: FilePath(src)))
    }
    guard LibraryIdentity.document(runs) == document.content else {
      throw LibraryFailure(SourceFileChanged(file: FilePath(src)))
    }
    return runs
  }

  /// The runs of a document with a file's text.
  static func runs(_ included: [UInt8], _ text: TextRun?) -> [TextRun] {
    (included.isEmpty ? [] : [TextRun(String(decoding: included, as: UTF8.self))]) + (text.map { [$0] } ?? [])
  }

  /// Path of the schema's file.
  var file: FilePath { source.path }

  /// Where a document's name stands.
  func place(of document: SourceDocument) -> Range<SourcePosition> { source.positions(of: document.nameRange) }
}

/// The documents of a schema's source, tokenized when they are asked for.
public struct TokenizedLibraries<Tokenizer: TextTokenizer>: LibraryContents {
  private let libraries: SourceLibraries
  private let tokenizer: Tokenizer

  /// - Parameters:
  ///   - libraries: the documents.
  ///   - tokenizer: makes their tokens.
  public init(_ libraries: SourceLibraries, with tokenizer: Tokenizer) {
    self.libraries = libraries
    self.tokenizer = tokenizer
  }

  /// Whether `library` has a document called `name`.
  public func contains(_ name: String, in library: Schema.Library) -> Bool { libraries.contains(name, in: library) }
  /// The names of all documents of `library`, in order.
  public func names(in library: Schema.Library) -> [String] { libraries.names(in: library) }
  /// The tokens of a document, run by run.
  public func tokens(of name: String, in library: Schema.Library) throws(LibraryFailure) -> [[TokenID]]? {
    guard let document = libraries.document(name, in: library) else { return nil }
    return try libraries.runs(of: document).map(tokenizer.tokens(of:))
  }
}

/// A file of `src` that is no longer what it was when its schema was compiled.
public struct SourceFileChanged: Error, Hashable, Sendable {
  /// Its path, from the schema's folder.
  public let file: FilePath
}
