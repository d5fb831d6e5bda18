public import ContentHash

/// A document of a library as one model sees it: how long it is, and which encodings hold its states.
public struct LibraryDocument: Hashable, Sendable {
  /// One run of its text.
  public struct Segment: Hashable, Sendable {
    /// Identity of its encoding's states.
    public let digest: SHA256Digest
    /// Number of tokens; at least 1.
    public let tokenCount: Int

    /// A segment.
    public init(digest: SHA256Digest, tokenCount: Int) {
      self.digest = digest
      self.tokenCount = tokenCount
    }
  }

  /// Its name in the library.
  public let name: String
  /// Identity of what it says.
  public let content: SHA256Digest
  /// Its runs of text that have tokens, in order.
  public let segments: [Segment]

  /// Number of its tokens.
  public var tokenCount: Int { segments.reduce(0) { $0 + $1.tokenCount } }

  /// A document.
  public init(name: String, content: SHA256Digest, segments: [Segment]) {
    self.name = name
    self.content = content
    self.segments = segments
  }
}

/// Finds the encodings of documents: each sees its own document alone, as an isolated module's does (`EncodingPlan`).
///
/// They depend on nothing of the schema but the token that they rest on, so that they can be told for one document after
/// another, without a plan of all.
public struct DocumentEncodings: Sendable {
  private let beginning: SHA256Digest
  private let isExtended: Bool

  /// - Parameter layout: of the schema that has the libraries.
  public init(in layout: SchemaLayout) {
    isExtended = layout.isExtended
    var context = EncodingIdentity.emptyContext
    if let token = layout.beginOfSequence ?? layout.restToken {
      let digest = EncodingIdentity.encoding(seeing: context, at: 0, isExtended: layout.isExtended) {
        $0.update(tokens: [token])
      }
      context = EncodingIdentity.context(context, appending: digest, at: -1)
    }
    beginning = context
  }

  /// Identity of what the encodings depend on besides a document's own tokens: documents laid out behind an equal one have
  /// equal encodings.
  public var identity: SHA256Digest {
    var hasher = SHA256Hasher()
    hasher.update(isExtended ? "long factors" : "")
    hasher.update(beginning)
    return hasher.finalize()
  }

  /// A document of these tokens, run by run.
  public func document(_ name: String, content: SHA256Digest, tokens: [[TokenID]]) -> LibraryDocument {
    var segments: [LibraryDocument.Segment] = []
    var context = beginning
    var place = 0
    for run in tokens where !run.isEmpty {
      let digest = EncodingIdentity.encoding(seeing: context, at: place, isExtended: isExtended) {
        $0.update(tokens: run)
      }
      segments.append(LibraryDocument.Segment(digest: digest, tokenCount: run.count))
      context = EncodingIdentity.context(context, appending: digest, at: place)
      place += run.count
    }
    return LibraryDocument(name: name, content: content, segments: segments)
  }
}
