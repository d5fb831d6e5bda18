internal import ContentHash
internal import Engine
internal import KVCacheFormat
internal import PMLCompiler
internal import Store

/// What a store lacks of the documents of a schema's libraries.
struct MissingDocuments {
  /// A document with states to compute.
  struct Document {
    /// Index of its library among the schema's.
    let library: Int
    let name: String
    let tokens: Int
  }

  fileprivate(set) var counts = StateCounts()
  /// Encodings that are missing.
  fileprivate(set) var digests: Set<SHA256Digest> = []
  /// In order.
  fileprivate(set) var documents: [Document] = []
}

extension CacheSession {
  /// Bytes of states that are read through for damage each time that a library is warmed. Of larger ones it is only seen
  /// whether all states are there: they may be more than a disk gives in minutes.
  private static let checkedByteCount = 256 << 20

  /// Tokens of documents that are planned together: what memory holds of them at a time.
  private static let tokensPerPart = 1 << 15

  /// Bytes of texts that one commit takes.
  private static let textByteCount = 16 << 20

  /// Finds the documents of a schema's source whose states the store lacks.
  ///
  /// - Parameter promised: digests of encodings that will be there.
  func missingDocuments(
    of schema: PlannedSchema, promised: Set<SHA256Digest> = [], _ lookup: StateLookup
  ) throws(PromptCacheError) -> MissingDocuments {
    var missing = MissingDocuments()
    guard case .source(let source) = schema.documents else { return missing }
    let libraries = schema.schema.libraries.map { source.documents[$0.name] ?? [] }
    var byteCount = 0
    for segment in libraries.joined().flatMap(\.segments) {
      byteCount += lookup.layout(tokens: segment.tokenCount).byteCount
      if byteCount > Self.checkedByteCount { break }
    }
    let isChecked = byteCount <= Self.checkedByteCount
    var known: Set<SHA256Digest> = []
    for (library, documents) in libraries.enumerated() {
      for document in documents {
        var lacks = false
        for segment in document.segments {
          guard known.insert(segment.digest).inserted else {
            missing.counts.reused += 1
            continue
          }
          let isThere =
            promised.contains(segment.digest)
            ? true
            : isChecked
              ? try lookup.contains(segment.digest, tokens: segment.tokenCount)
              : try lookup.isListed(segment.digest)
          if isThere {
            missing.counts.reused += 1
          } else {
            lacks = true
            missing.digests.insert(segment.digest)
            missing.counts.computed += 1
            missing.counts.tokens += segment.tokenCount
            missing.counts.bytes += lookup.layout(tokens: segment.tokenCount).byteCount
          }
        }
        if lacks {
          missing.documents.append(
            MissingDocuments.Document(library: library, name: document.name, tokens: document.tokenCount))
        }
      }
    }
    return missing
  }

  /// Keeps the texts of a schema's documents, and computes the states that the store lacks, a part of them at a time.
  ///
  /// - Returns: what was there, and what was computed.
  func warmDocuments(
    of schema: PlannedSchema, as element: KVElement, in store: StateStore, with publication: Publication?,
    _ terms: EncodingTerms
  ) throws(PromptCacheError) -> StateCounts {
    guard case .source(let source) = schema.documents else { return StateCounts() }
    try keepTexts(of: schema, source, in: store)
    let missing = try missingDocuments(of: schema, try lookup(element))
    let start = ContinuousClock.now
    var rest = missing.documents[...]
    var counts = StateCounts()
    counts.reused = missing.counts.reused
    var done = 0
    while !rest.isEmpty {
      var part: [MissingDocuments.Document] = []
      var tokens = 0
      while let next = rest.first, part.isEmpty || tokens + next.tokens <= Self.tokensPerPart {
        part.append(next)
        tokens += next.tokens
        rest.removeFirst()
      }
      var imported: [ImportedDocument] = []
      for document in part {
        let library = schema.schema.libraries[document.library]
        imported.append(
          ImportedDocument(
            library: document.library, name: document.name,
            tokens: try withLibraryErrors { () throws(LibraryFailure) in
              try source.tokens(of: document.name, in: library) ?? []
            }))
      }
      let plan = schema.plan.importing(imported)
      let wanted = Array(plan.encodings.indices.dropFirst(schema.plan.encodings.count))
      let work = LargerWork(
        tokens: missing.counts.tokens, done: done, encodings: missing.counts.computed,
        encodingsDone: counts.computed + (counts.fetched ?? 0), start: start)
      // Looked up again: another process may have computed them meanwhile.
      let ensured = try ensure(
        Set(wanted.map(plan.digest(of:))), in: plan, named: schema.name, as: element, isPublished: false, terms,
        store: { () throws(PromptCacheError) in store }, with: publication,
        within: work
      ) { lookup throws(PromptCacheError) in try MissingStates(of: wanted, in: plan, lookup) }
      counts.add(StateCounts(ensured).withoutReused)
      done += tokens
    }
    return counts
  }

  private func keepTexts(
    of schema: PlannedSchema, _ source: SourceDocuments, in store: StateStore
  ) throws(PromptCacheError) {
    let documents = schema.schema.libraries.flatMap { source.libraries.documents(of: $0) }
    let missing = try withStoreErrors { () throws(StoreError) in
      try store.snapshot().missingTexts(of: documents.lazy.map(\.content))
    }
    guard !missing.isEmpty else { return }
    var texts: [[String]] = []
    var byteCount = 0
    func commit() throws(PromptCacheError) {
      try withStoreErrors { () throws(StoreError) in
        try store.write { batch throws(StoreError) in
          for text in texts { try batch.putDocumentText(text) }
        }
      }
      texts = []
      byteCount = 0
    }
    for document in documents where missing.contains(document.content) {
      let runs = try withLibraryErrors { () throws(LibraryFailure) in try source.libraries.runs(of: document) }
      texts.append(runs.map(\.text))
      byteCount += runs.reduce(0) { $0 + $1.text.utf8.count }
      if byteCount >= Self.textByteCount { try commit() }
    }
    try commit()
  }
}

/// Runs `body` with its errors wrapped.
func withLibraryErrors<R>(_ body: () throws(LibraryFailure) -> R) throws(PromptCacheError) -> R {
  do throws(LibraryFailure) { return try body() } catch { throw PromptCacheError(libraryFailure: error) }
}
