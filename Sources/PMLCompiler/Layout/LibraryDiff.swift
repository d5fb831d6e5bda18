import ContentHash

/// What an edit of a schema does to the documents of its libraries: which have to be computed, and why.
public struct LibraryDiff: Sendable {
  /// A document with encodings to compute, or without use any more.
  public struct Change: Hashable, Sendable {
    /// Its path: the library, and its name there.
    public let path: ModulePath
    /// Number of its tokens.
    public let tokens: Int
    /// Why it is not the old one's; `.new`, `.textChanged`, or a context that changed: the token that it rests on.
    public let reason: SchemaDiff.Reason
  }

  /// Token counts of encodings of the new libraries that the old schema has too.
  public private(set) var kept: [Int] = []
  /// The other ones of the new libraries.
  public private(set) var computed: [Int] = []
  /// Token counts of the old libraries' encodings that the new schema has no use for.
  public private(set) var dropped: [Int] = []
  /// The documents that the `computed` ones are of, in order.
  public private(set) var changes: [Change] = []

  /// Compares the documents of two schemas.
  ///
  /// - Parameters:
  ///   - old: of the schema as it was, by the library's name.
  ///   - new: of the schema as it is now.
  public init(
    from old: [(library: String, documents: [LibraryDocument])],
    to new: [(library: String, documents: [LibraryDocument])]
  ) {
    let oldDigests = Set(old.lazy.flatMap(\.documents).flatMap(\.segments).map(\.digest))
    var contents: [ModulePath: SHA256Digest] = [:]
    for (library, documents) in old {
      for document in documents { contents[ModulePath([library, document.name])] = document.content }
    }
    var newDigests: Set<SHA256Digest> = []
    for (library, documents) in new {
      for document in documents {
        let path = ModulePath([library, document.name])
        var changes = false
        for segment in document.segments where newDigests.insert(segment.digest).inserted {
          if oldDigests.contains(segment.digest) {
            kept.append(segment.tokenCount)
          } else {
            computed.append(segment.tokenCount)
            changes = true
          }
        }
        guard changes else { continue }
        let reason: SchemaDiff.Reason =
          switch contents[path] {
          case nil: .new
          case document.content?: .contextChanged(in: [])
          default: .textChanged
          }
        self.changes.append(Change(path: path, tokens: document.tokenCount, reason: reason))
      }
    }
    var seen: Set<SHA256Digest> = []
    for segment in old.lazy.flatMap(\.documents).flatMap(\.segments)
    where !newDigests.contains(segment.digest) && seen.insert(segment.digest).inserted {
      dropped.append(segment.tokenCount)
    }
  }
}
