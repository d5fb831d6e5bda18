internal import ContentHash
internal import PMLCompiler
internal import Store
internal import TextSearch

/// The documents of a schema's libraries, wherever they are.
enum SchemaDocuments: LibraryContents {
  /// Of a schema's source.
  case source(SourceDocuments)
  /// Of a version in a store.
  case stored(StoredDocuments)
  /// Of a lowered schema, which has no texts.
  case listed(ListedDocuments)

  private var contents: any LibraryContents {
    switch self {
    case .source(let documents): documents
    case .stored(let documents): documents
    case .listed(let documents): documents
    }
  }

  func contains(_ name: String, in library: Schema.Library) throws(LibraryFailure) -> Bool {
    try contents.contains(name, in: library)
  }

  func names(in library: Schema.Library) throws(LibraryFailure) -> [String] { try contents.names(in: library) }

  func tokens(of name: String, in library: Schema.Library) throws(LibraryFailure) -> [[TokenID]]? {
    try contents.tokens(of: name, in: library)
  }

  /// Identity of a library's listing, by which a store knows its rows and its index.
  func listing(of library: Schema.Library) -> SHA256Digest? {
    switch self {
    case .source(let documents): documents.listing(of: library).identity
    case .stored(let documents): documents.listings[library.name]
    case .listed: nil
    }
  }

  /// Number of tokens of a document; `nil` if there is none of this name.
  func tokenCount(of name: String, in library: Schema.Library) throws(PromptCacheError) -> Int? {
    switch self {
    case .source(let documents): documents.tokenCount(of: name, in: library)
    case .stored(let documents):
      try withLibraryErrors { () throws(LibraryFailure) in
        try documents.document(name, in: library)?.document.segments.reduce(0) { $0 + $1.tokens }
      }
    case .listed: throw .noTexts
    }
  }

  /// Hands out all documents of a library in the schema's order, each with a way to read its text.
  func forEachDocument(
    in library: Schema.Library,
    _ body: (_ name: String, _ content: SHA256Digest, _ text: () throws(PromptCacheError) -> String)
      throws(PromptCacheError) -> Void
  ) throws(PromptCacheError) {
    switch self {
    case .source(let documents):
      for document in documents.libraries.documents(of: library) {
        try body(document.name, document.content) { () throws(PromptCacheError) in
          try withLibraryErrors { () throws(LibraryFailure) in
            try documents.libraries.runs(of: document).map(\.text).joined(separator: "\n")
          }
        }
      }
    case .stored(let documents): try documents.forEachDocumentInOrder(in: library, body)
    case .listed: throw .noTexts
    }
  }
}

/// Documents of a schema's source, laid out for a model.
struct SourceDocuments: LibraryContents {
  let libraries: SourceLibraries
  let tokenizer: ModelTokenizer
  /// By the library's name.
  let documents: [String: [LibraryDocument]]

  func contains(_ name: String, in library: Schema.Library) -> Bool { libraries.contains(name, in: library) }

  func names(in library: Schema.Library) -> [String] { libraries.names(in: library) }

  func tokens(of name: String, in library: Schema.Library) throws(LibraryFailure) -> [[TokenID]]? {
    try TokenizedLibraries(libraries, with: tokenizer).tokens(of: name, in: library)
  }

  /// What a version records of a library.
  func listing(of library: Schema.Library) -> LibraryListing {
    LibraryListing(
      name: library.name,
      documents: (documents[library.name] ?? []).map { document in
        LibraryListing.Document(
          name: document.name, content: document.content,
          segments: document.segments.map { LibraryListing.Segment(encoding: $0.digest, tokens: $0.tokenCount) })
      })
  }

  func tokenCount(of name: String, in library: Schema.Library) -> Int? {
    guard let place = libraries.place(of: name, in: library), let documents = documents[library.name],
      documents.indices.contains(place)
    else { return nil }
    return documents[place].tokenCount
  }
}

/// Documents of a version in a store, found there when they are asked for.
struct StoredDocuments: LibraryContents {
  let store: StateStore
  let tokenizer: ModelTokenizer
  /// Identities of the libraries' listings, by the library's name.
  let listings: [String: SHA256Digest]

  private static let namesPerRead = 4096

  func contains(_ name: String, in library: Schema.Library) throws(LibraryFailure) -> Bool {
    try document(name, in: library) != nil
  }

  func names(in library: Schema.Library) throws(LibraryFailure) -> [String] {
    var names: [String] = []
    do throws(PromptCacheError) {
      try forEachDocument(in: library) { _, row in names.append(row.document.name) }
    } catch {
      throw LibraryFailure(error)
    }
    return names
  }

  func tokens(of name: String, in library: Schema.Library) throws(LibraryFailure) -> [[TokenID]]? {
    do throws(StoreError) {
      guard let listing = listings[library.name] else { return nil }
      let snapshot = try store.snapshot()
      guard let row = try snapshot.document(name, of: listing) else { return nil }
      guard let runs = try snapshot.documentText(row.document.content) else {
        throw .damagedText(library: library.name, document: name)
      }
      return runs.map(tokenizer.tokens(of:))
    } catch {
      throw LibraryFailure(PromptCacheError.store(error))
    }
  }

  func document(_ name: String, in library: Schema.Library) throws(LibraryFailure) -> ListedDocument? {
    do throws(StoreError) {
      guard let listing = listings[library.name] else { return nil }
      return try store.snapshot().document(name, of: listing)
    } catch {
      throw LibraryFailure(PromptCacheError.store(error))
    }
  }

  fileprivate func forEachDocumentInOrder(
    in library: Schema.Library,
    _ body: (String, SHA256Digest, () throws(PromptCacheError) -> String) throws(PromptCacheError) -> Void
  ) throws(PromptCacheError) {
    var rows: [(place: Int, name: String, content: SHA256Digest)] = []
    try forEachDocument(in: library) { _, row in rows.append((row.place, row.document.name, row.document.content)) }
    let snapshot = try withStoreErrors { () throws(StoreError) in try store.snapshot() }
    for (_, name, content) in rows.sorted(by: { $0.place < $1.place }) {
      try body(name, content) { () throws(PromptCacheError) in
        let runs = try withStoreErrors { () throws(StoreError) in try snapshot.documentText(content) }
        guard let runs else { throw .store(.damagedText(library: library.name, document: name)) }
        return runs.joined(separator: "\n")
      }
    }
  }

  /// Some documents, in the order of their names.
  func documents(
    of library: Schema.Library, after name: String?, atMost count: Int
  ) throws(PromptCacheError) -> [LibraryDocument] {
    guard let listing = listings[library.name] else { return [] }
    return try withStoreErrors { () throws(StoreError) in
      try store.snapshot().documents(of: listing, after: name, atMost: count)
    }.map { row in
      LibraryDocument(
        name: row.document.name, content: row.document.content,
        segments: row.document.segments.map { LibraryDocument.Segment(digest: $0.encoding, tokenCount: $0.tokens) })
    }
  }

  /// Visits all documents, in the order of their names.
  func forEachDocument(
    in library: Schema.Library, _ body: (Snapshot, ListedDocument) throws(PromptCacheError) -> Void
  ) throws(PromptCacheError) {
    guard let listing = listings[library.name] else { return }
    let snapshot = try withStoreErrors { () throws(StoreError) in try store.snapshot() }
    var last: String?
    while true {
      let documents = try withStoreErrors { () throws(StoreError) in
        try snapshot.documents(of: listing, after: last, atMost: Self.namesPerRead)
      }
      for document in documents { try body(snapshot, document) }
      guard documents.count == Self.namesPerRead, let name = documents.last?.document.name else { return }
      last = name
    }
  }
}

/// Documents of a lowered schema: what they are called and how long they are, not what they say.
struct ListedDocuments: LibraryContents {
  /// By the library's name.
  let documents: [String: [LibraryDocument]]

  func contains(_ name: String, in library: Schema.Library) -> Bool { names(in: library).contains(name) }

  func names(in library: Schema.Library) -> [String] { (documents[library.name] ?? []).map(\.name) }

  func tokens(of name: String, in library: Schema.Library) throws(LibraryFailure) -> [[TokenID]]? {
    throw LibraryFailure(PromptCacheError.noTexts)
  }
}

extension PromptCacheError {
  /// What a failure to read documents was.
  init(libraryFailure error: any Error) {
    switch error {
    case let error as PromptCacheError: self = error
    case let error as LibraryFailure: self.init(libraryFailure: error.cause)
    case let error as SourceFileChanged: self = .sourceFileChanged(error.file)
    case let error as StoreError: self = .store(error)
    case let error as TextIndexError: self = .index(error)
    default: self = .unreadableDocuments("\(error)")
    }
  }
}
