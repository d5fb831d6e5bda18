public import PMLCompiler

/// Checks schemas and prompts together: a prompt against the schema that it names.
public struct DocumentChecker: Sendable {
  /// A document and what was found in it.
  public struct Result: Sendable {
    /// The document.
    public let source: SourceFile
    /// Problems, in source order.
    public let diagnostics: [Diagnostic]
  }

  private let compiler: DocumentCompiler
  private let includes: @Sendable (SourceFile) -> any IncludeReader

  /// A checker that knows no lengths without a `model`.
  ///
  /// - Parameters:
  ///   - model: its tokenizer counts lengths, if there is one.
  ///   - template: what stands around the roles' text; without it, what the model has.
  ///   - includes: what reads the files that a schema names in `src`; without it, they are read from its folder.
  public init(
    model: LoadedModel?, template: FoundTemplate? = nil,
    includes: @escaping @Sendable (SourceFile) -> any IncludeReader = { FolderIncludeReader(besides: $0.path) }
  ) {
    compiler = DocumentCompiler(template: template ?? model?.foundTemplate ?? .none, tokenizer: model?.tokenizer)
    self.includes = includes
  }

  /// Checks documents, on several threads where the system gives them. Results are in the order of `sources`.
  ///
  /// - Parameters:
  ///   - sources: the documents.
  ///   - schema: the prompts' schema; without it, a prompt is checked against the schema of the name that it gives among
  ///     `sources`. What is wrong with it comes last, if something is.
  ///   - turns: of a conversation, follow at each prompt's end.
  public func check(_ sources: [SourceFile], schema: SourceFile? = nil, turns: [ChatTurn] = []) -> [Result] {
    let kinds = sources.map { PML.rootKind(of: $0) }
    let names = PML.checkNames(of: sources)
    let schemas = inParallel(sources.count + 1) { index -> DocumentCompiler.CompiledDocument? in
      if index == sources.count { return schema.map(compile) }
      return kinds[index] == .prompt ? nil : compile(sources[index])
    }
    let given = schemas[sources.count]
    // Where two have one name, which is an error by itself, prompts are held against the first.
    let byName = Dictionary(
      zip(sources, schemas).compactMap { source, document in
        document.flatMap { document in PML.name(ofSchema: source).map { ($0, document) } }
      },
      uniquingKeysWith: { first, _ in first })
    var seen: Set<String> = []
    let schemaNames = zip(sources, kinds).compactMap { $1 == .schema ? PML.name(ofSchema: $0) : nil }
      .filter { seen.insert($0).inserted }
    let results = inParallel(sources.count) { index in
      let source = sources[index]
      if let document = schemas[index] {
        let found = document.diagnostics + names.filter { $0.file == source.path }
        return Result(source: source, diagnostics: found.inSourceOrder())
      }
      let schema = given ?? PML.schemaName(ofPrompt: source).flatMap { byName[$0] }
      let found = check(source, against: schema, besides: schemaNames, turns: turns)
      return Result(source: source, diagnostics: found.inSourceOrder())
    }
    var all = results
    if let schema, let given, !given.diagnostics.isEmpty {
      all.append(Result(source: schema, diagnostics: given.diagnostics.inSourceOrder()))
    }
    var wasSaid = false
    return all.compactMap { result in
      let diagnostics = result.diagnostics.sayingOnce(&wasSaid)
      return Result(source: result.source, diagnostics: diagnostics)
    }
  }

  /// Compiles one schema, lengths included where there is a model.
  public func compile(schema source: SourceFile) -> CompilationResult<Schema> {
    let document = compiler.compile(schema: source, includes: includes(source))
    return CompilationResult(
      document.hasErrors ? nil : document.schema, of: source, document.diagnostics, failure: document.failure)
  }

  /// The grammar of the prompts of one schema, for XML editors (`PML.promptGrammar`).
  ///
  /// - Parameter source: the schema's document.
  public func promptGrammar(for source: SourceFile) -> CompilationResult<String> {
    let document = compiler.compile(schema: source, includes: includes(source))
    var grammar: String?
    var failure = document.failure
    if !document.hasErrors, let schema = document.schema {
      do throws(LibraryFailure) {
        grammar = try PML.promptGrammar(for: schema, libraries: document.libraries)
      } catch {
        failure = PromptCacheError(libraryFailure: error)
      }
    }
    return CompilationResult(grammar, of: source, document.diagnostics, failure: failure)
  }

  private func compile(_ source: SourceFile) -> DocumentCompiler.CompiledDocument {
    compiler.compile(schema: source, includes: includes(source))
  }

  private func check(
    _ source: SourceFile, against document: DocumentCompiler.CompiledDocument?, besides schemas: [String],
    turns: [ChatTurn]
  ) -> [Diagnostic] {
    guard let document else { return PML.checkPrompt(source, schemas: schemas) }
    guard let schema = document.schema else { return PML.checkPrompt(source, isSchemaKnown: true) }
    let libraries: any LibraryNames = document.documents ?? document.libraries as any LibraryNames
    return compiler.compile(
      prompt: source, of: schema, plan: document.plan, libraries: libraries, turns: turns
    ).diagnostics
  }
}
