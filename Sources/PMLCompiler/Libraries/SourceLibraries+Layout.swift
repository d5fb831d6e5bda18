public import ContentHash

/// Remembers how long documents are for a model, so that those of a large library need not be read and tokenized again.
public protocol DocumentMemory: Sendable {
  /// The segments of the document that says `content`; `nil` if nobody remembers.
  ///
  /// - Parameters:
  ///   - content: identity of what it says.
  ///   - encodings: identity of what its encodings depend on besides (`DocumentEncodings`).
  func segments(of content: SHA256Digest, in encodings: SHA256Digest) -> [LibraryDocument.Segment]?
}

/// Remembers nothing.
public struct NoDocumentMemory: DocumentMemory {
  /// A memory.
  public init() {}
  /// Nobody remembers.
  public func segments(of content: SHA256Digest, in encodings: SHA256Digest) -> [LibraryDocument.Segment]? { nil }
}

extension SourceLibraries {
  /// Documents in one task.
  private static let documentsPerTask = 32

  /// Finds what a model sees of all documents of a library, on several cores. Texts are not kept.
  ///
  /// - Parameters:
  ///   - library: index among the layout's.
  ///   - layout: of the schema, for this tokenizer.
  ///   - tokenizer: the model's.
  ///   - memory: what is known of documents that were laid out before.
  ///   - diagnostics: takes what is wrong: documents longer than the window, or than the model takes; tokens that it has no
  ///     embedding of.
  /// - Throws: `LibraryFailure` for a file of `src` that changed meanwhile.
  /// - Returns: the documents, in order.
  public func layOut(
    _ library: Int, in layout: SchemaLayout, tokenizer: some TextTokenizer, memory: some DocumentMemory,
    diagnostics: inout [Diagnostic]
  ) throws(LibraryFailure) -> [LibraryDocument] {
    let declaration = layout.libraries[library].declaration
    let all = documents(of: declaration)
    let encodings = DocumentEncodings(in: layout)
    let path = layout.modules[layout.libraries[library].module].path
    let limit = tokenizer.contextLimits.positions(isExtended: layout.isExtended)
    let rests = layout.beginOfSequence != nil || layout.restToken != nil ? 1 : 0
    let tasks = (all.count + Self.documentsPerTask - 1) / Self.documentsPerTask
    let results = inParallel(tasks) { task -> Result<[LaidOutDocument], LibraryFailure> in
      let start = task * Self.documentsPerTask
      do throws(LibraryFailure) {
        var laidOut: [LaidOutDocument] = []
        for document in all[start..<min(start + Self.documentsPerTask, all.count)] {
          laidOut.append(try layOut(document, encodings, tokenizer: tokenizer, memory: memory))
        }
        return .success(laidOut)
      } catch {
        return .failure(error)
      }
    }
    var documents: [LibraryDocument] = []
    documents.reserveCapacity(all.count)
    var reported: Set<TokenID> = []
    for result in results {
      for laidOut in try result.get() {
        let tokens = laidOut.document.tokenCount
        let modulePath = path.appending(laidOut.document.name)
        var problems: [LayoutProblem] = []
        if tokens > declaration.window {
          problems.append(.documentTooLong(modulePath, tokens: tokens, window: declaration.window))
        } else if tokens + rests > limit {
          problems.append(
            .textDoesNotFit(of: modulePath, tokens: tokens, seen: rests, contextLength: limit, together: nil))
        }
        for token in laidOut.unembedded where reported.insert(token).inserted {
          problems.append(
            .unembeddedToken(token, spelling: tokenizer.spelling(of: token), embedded: tokenizer.embeddedTokenCount))
        }
        if !problems.isEmpty {
          let place = place(of: all[documents.count])
          diagnostics += problems.map { $0.diagnostic(in: file, at: place) }
        }
        documents.append(laidOut.document)
      }
    }
    return documents
  }

  private struct LaidOutDocument: Sendable {
    let document: LibraryDocument
    /// Its tokens that the model has no embedding of.
    let unembedded: [TokenID]
  }

  private func layOut(
    _ document: SourceDocument, _ encodings: DocumentEncodings, tokenizer: some TextTokenizer,
    memory: some DocumentMemory
  ) throws(LibraryFailure) -> LaidOutDocument {
    if let segments = memory.segments(of: document.content, in: encodings.identity) {
      let known = LibraryDocument(name: document.name, content: document.content, segments: segments)
      return LaidOutDocument(document: known, unembedded: [])
    }
    let tokens = try runs(of: document).map(tokenizer.tokens(of:))
    return LaidOutDocument(
      document: encodings.document(document.name, content: document.content, tokens: tokens),
      unembedded: tokenizer.withoutEmbedding(tokens.joined()))
  }
}
