public import PMLCompiler
internal import TextSearch

/// A document of a library that suits a question.
public struct FoundDocument: Hashable, Sendable {
  /// Its path: the library, and its name there.
  public let path: ModulePath
  /// Number of its tokens.
  public let tokens: Int
  /// How well it suits: BM25, or by attention the logarithm of what it draws from the question over what it draws anyway.
  public let score: Double
}

extension CacheSession {
  /// How much of what is cached is computed again in a prompt with documents of a library, where nobody says how much
  /// (`docs/accuracy.md`).
  public static let libraryRepair = 0.3

  /// The share of cached tokens that are not exact to compute again for a prompt.
  ///
  /// - Parameters:
  ///   - asked: what was asked for, if anything was.
  ///   - prompt: the prompt, with its documents.
  /// - Returns: what was asked for; else `libraryRepair` for a prompt with documents of a library, and 0 for any other.
  public static func repair(_ asked: Double?, for prompt: PlannedPrompt) -> Double {
    asked ?? (prompt.documents.isEmpty ? 0 : libraryRepair)
  }

  /// The documents of a library that suit a question best, the best first.
  ///
  /// - Parameters:
  ///   - query: what they should suit: its words, whatever they are.
  ///   - name: the library; the only one if `nil`.
  ///   - schema: the schema that has it.
  ///   - count: as many at most.
  /// - Throws: `PromptCacheError.noSuchLibrary`; `.store`; `.index` for an index that cannot be made.
  public func find(
    _ query: String, in name: String? = nil, of schema: PlannedSchema, count: Int
  ) throws(PromptCacheError) -> [FoundDocument] {
    let library = try schema.library(named: name)
    let matches = try matches(query, in: library, of: schema, count: count)
    var found: [FoundDocument] = []
    for match in matches {
      found.append(
        FoundDocument(
          path: ModulePath([library.name, match.name]), tokens: try tokenCount(of: match.name, in: library, of: schema),
          score: match.score))
    }
    return found
  }

  /// The same prompt with the documents that it wants found (`top`), behind those that it names; the one that suits best
  /// stands last. One without such wishes is given back as it is.
  ///
  /// - Parameters:
  ///   - prompt: compiled for `schema`.
  ///   - schema: how the states are kept.
  /// - Throws: `PromptCacheError.store`; `.index`; `.invalidDocument` where the prompt does not fit the model with them; with
  ///   `rank="attention"` as `ready`.
  public func findDocuments(
    for prompt: PlannedPrompt, of schema: WarmedSchema
  ) throws(PromptCacheError) -> PlannedPrompt {
    try findDocuments(for: prompt, of: schema, EncodingTerms())
  }

  /// The same on other terms.
  func findDocuments(
    for prompt: PlannedPrompt, of schema: WarmedSchema, _ terms: EncodingTerms
  ) throws(PromptCacheError) -> PlannedPrompt {
    guard prompt.wantsDocuments else { return prompt }
    let start = ContinuousClock.now
    var found: [FoundDocument] = []
    for search in prompt.prompt.searches {
      // Resolving has seen that the schema has the library.
      guard let library = schema.schema.schema.libraries.first(where: { $0.name == search.library.name }) else {
        continue
      }
      let chosen: [FoundDocument] =
        switch search.rank {
        case .bm25: try choose(search, in: library, for: prompt, of: schema.schema)
        case .attention: try chooseByAttention(search, in: library, for: prompt, of: schema, terms)
        }
      found += chosen.reversed()
    }
    var complete = try model.importing(found.map(\.path), into: prompt, of: schema.schema)
    let scores = Dictionary(found.map { ($0.path, $0.score) }) { first, _ in first }
    for index in complete.documents.indices {
      complete.documents[index].score = scores[complete.documents[index].path]
    }
    complete.wantsDocuments = false
    complete.compileTime = prompt.compileTime + (ContinuousClock.now - start)
    return complete
  }

  /// The best by BM25 that fit the rest of the window, the best first.
  private func choose(
    _ search: Prompt.Search, in library: Schema.Library, for prompt: PlannedPrompt, of schema: PlannedSchema
  ) throws(PromptCacheError) -> [FoundDocument] {
    let named = Set(prompt.documents.filter { $0.path.parent == search.library }.map(\.path))
    var asked = search.count + named.count
    while true {
      let candidates = try candidates(for: search.query, in: library, of: schema, besides: named, count: asked)
      let chosen = candidates.documents.fitting(
        library.window - namedTokens(in: prompt, library: search.library), count: search.count)
      if chosen.count == search.count || candidates.isAll { return chosen }
      // Some were passed over.
      asked *= 2
    }
  }

  private func namedTokens(in prompt: PlannedPrompt, library: ModulePath) -> Int {
    prompt.documents.reduce(0) { $0 + ($1.path.parent == library ? $1.tokens : 0) }
  }

  /// The best `count` by BM25, less those in `named`; and whether no more have a word of the query.
  private func candidates(
    for query: String, in library: Schema.Library, of schema: PlannedSchema, besides named: Set<ModulePath>, count: Int
  ) throws(PromptCacheError) -> (documents: [FoundDocument], isAll: Bool) {
    let matches = try find(query, in: library.name, of: schema, count: count)
    return (matches.filter { !named.contains($0.path) }, matches.count < count)
  }

  /// Of four times as many of the best by BM25, those that the prompt's new text attends to most, as far as they fit the rest
  /// of the window, the best first.
  private func chooseByAttention(
    _ search: Prompt.Search, in library: Schema.Library, for prompt: PlannedPrompt, of schema: WarmedSchema,
    _ terms: EncodingTerms
  ) throws(PromptCacheError) -> [FoundDocument] {
    let named = Set(prompt.documents.filter { $0.path.parent == search.library }.map(\.path))
    let candidates = try candidates(
      for: search.query, in: library, of: schema.schema, besides: named, count: 4 * search.count + named.count)
    let room = library.window - namedTokens(in: prompt, library: search.library)
    let usable = Array(candidates.documents.prefix(4 * search.count).filter { $0.tokens <= room })
    let measured = try measure(usable, in: library, for: prompt, of: schema, terms)
    // Stable: of equal ones, the better by BM25.
    return measured.sorted { $0.score > $1.score }.fitting(room, count: search.count)
  }

  /// The candidates with what the prompt's new text attends to of each, as repair measures it: all beside each other where
  /// the model has positions for them, else as many as fit.
  private func measure(
    _ candidates: [FoundDocument], in library: Schema.Library, for prompt: PlannedPrompt, of schema: WarmedSchema,
    _ terms: EncodingTerms
  ) throws(PromptCacheError) -> [FoundDocument] {
    let isFixed = schema.schema.schema.positions == .fixed
    let room =
      isFixed
      ? library.window - namedTokens(in: prompt, library: ModulePath([library.name]))
      : prompt.layout.limits.positions(isExtended: prompt.layout.isExtended) - prompt.layout.nextPosition - 1
    var measured: [FoundDocument] = []
    var rest = candidates[...]
    while !rest.isEmpty {
      var group: [FoundDocument] = []
      var tokens = 0
      while let next = rest.first, group.isEmpty || tokens + next.tokens <= room {
        group.append(next)
        tokens += next.tokens
        rest.removeFirst()
      }
      let whole = try model.importing(
        group.map(\.path), into: prompt, of: schema.schema, isWithinWindows: isFixed)
      // States that no version promises.
      if schema.version == nil { try ensureStates(for: whole.settled, of: schema, joint: .off, terms) }
      let mass = try measureModules(whole, of: schema, terms.place)
      measured += group.map { FoundDocument(path: $0.path, tokens: $0.tokens, score: mass[$0.path] ?? -.infinity) }
    }
    return measured
  }

  private func tokenCount(
    of name: String, in library: Schema.Library, of schema: PlannedSchema
  ) throws(PromptCacheError) -> Int {
    guard let tokens = try schema.documents.tokenCount(of: name, in: library) else {
      throw .store(.damagedText(library: library.name, document: name))
    }
    return tokens
  }
}

extension [FoundDocument] {
  /// The first `count` that fit so many tokens together; what does not fit is passed over.
  fileprivate func fitting(_ tokens: Int, count: Int) -> [FoundDocument] {
    var room = tokens
    var chosen: [FoundDocument] = []
    for document in self where chosen.count < count && document.tokens <= room {
      chosen.append(document)
      room -= document.tokens
    }
    return chosen
  }
}
