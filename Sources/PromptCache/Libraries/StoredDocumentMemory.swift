internal import ContentHash
internal import PMLCompiler
internal import Store
internal import Synchronization

/// Remembers, from the newest version of a schema, how long its documents are for a model.
///
/// It is read when the first document is asked for: most schemas have none.
final class StoredDocumentMemory: DocumentMemory {
  private enum State {
    case unread
    case read(encodings: SHA256Digest?, segments: [SHA256Digest: [LibraryDocument.Segment]])
  }

  private let state = Mutex(State.unread)
  private let read: @Sendable () -> (layout: SchemaLayout, listings: [LibraryListing])?

  /// - Parameter read: finds the version's layout and listings; `nil` where there is no version that can be read.
  init(_ read: @escaping @Sendable () -> (layout: SchemaLayout, listings: [LibraryListing])?) { self.read = read }

  func segments(of content: SHA256Digest, in encodings: SHA256Digest) -> [LibraryDocument.Segment]? {
    state.withLock { state in
      if case .unread = state {
        let version = read()
        var segments: [SHA256Digest: [LibraryDocument.Segment]] = [:]
        for document in version?.listings.lazy.flatMap(\.documents) ?? [] {
          segments[document.content] = document.segments.map {
            LibraryDocument.Segment(digest: $0.encoding, tokenCount: $0.tokens)
          }
        }
        state = .read(
          encodings: version.map { DocumentEncodings(in: $0.layout).identity }, segments: segments)
      }
      guard case .read(let known, let segments) = state, known == encodings else { return nil }
      return segments[content]
    }
  }
}

extension CacheSession {
  /// Compiles schemas that are used together, as `LoadedModel.compile(schemas:)` does it, and reads and tokenizes no documents
  /// of libraries that the newest versions in the store have.
  ///
  /// - Parameter sources: the documents.
  /// - Returns: one result a document, in their order.
  public func compile(schemas sources: [SourceFile]) -> [CompilationResult<PlannedSchema>] {
    model.compile(schemas: sources) { name in StoredDocumentMemory { self.documentsOfNewestVersion(of: name) } }
  }

  /// What cannot be read is not remembered: it is found out anew.
  private func documentsOfNewestVersion(of name: String) -> (layout: SchemaLayout, listings: [LibraryListing])? {
    guard let store = try? sessionStore.readable(), let fingerprint = try? fingerprint,
      let version = try? store.snapshot().newestVersion(model: fingerprint, schema: name),
      !version.libraries.isEmpty, let compiled = try? CompiledSchema(decoding: version.lowered)
    else { return nil }
    return (compiled.layout, version.libraries)
  }
}
