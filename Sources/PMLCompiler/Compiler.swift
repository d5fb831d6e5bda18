public import FileSystem

/// The compiler's front: from documents of PML to lowered schemas and resolved prompts.
///
/// Each call parses, holds the document against the grammar, checks what it means, and lowers it. All problems of a
/// document are found in one run; malformed XML alone ends the checking, but for characters that should have been references.
public enum PML {
  /// Which of the two documents a file is.
  public enum RootKind: Hashable, Sendable {
    case schema, prompt
  }

  /// Compiles a schema, with the text that `template` has for roles and the files of `src` from `includes`.
  public static func compileSchema(
    _ source: SourceFile, template: ChatTemplate, includes: some IncludeReader
  ) -> SchemaCompilation {
    let log = DiagnosticLog(source)
    guard let root = parse(source, as: .schema, log: log) else {
      return SchemaCompilation(
        schema: nil, libraries: SourceLibraries([:], in: source, includes: includes),
        sourceMap: SchemaSourceMap(file: source.path), roles: RoleUses(), source: source, log)
    }
    let syntax = SchemaSyntax(root, in: source)
    var analyzer = SchemaAnalyzer(log: log)
    analyzer.check(syntax)
    var lowering = SchemaLowering(source, template: template, includes: includes, log: log)
    let schema = lowering.lower(syntax)
    var roles = lowering.roles
    roles.firstTextOutside = root.firstTextOutsideRoles.map { source.positions(of: $0) }
    var scaffolds = ScaffoldAnalyzer(schema, log: log)
    scaffolds.check(syntax.scaffolds)
    return SchemaCompilation(
      schema: schema, libraries: SourceLibraries(lowering.documents, in: source, includes: includes),
      sourceMap: lowering.sourceMap, roles: roles, source: source, log)
  }

  /// Compiles a prompt for `schema`, which was lowered with the same `template`.
  ///
  /// - Parameters:
  ///   - source: the document.
  ///   - schema: what it has to be for.
  ///   - template: what stands around the text of roles.
  ///   - libraries: which documents the schema's libraries have.
  ///   - turns: follow at the prompt's end, as role elements with `xml:space="preserve"` would.
  public static func compilePrompt(
    _ source: SourceFile, schema: Schema, template: ChatTemplate, libraries: any LibraryNames = NoLibraries(),
    turns: [ChatTurn] = []
  ) -> PromptCompilation {
    let log = DiagnosticLog(source)
    guard let root = parse(source, as: .prompt, log: log) else {
      return PromptCompilation(nil, schemaName: nil, source: source, log)
    }
    let syntax = PromptSyntax(root)
    var analyzer = PromptAnalyzer(source, schema: schema, libraries: libraries, log: log)
    analyzer.analyze(syntax)
    guard log.errorCount == 0, let name = syntax.schema?.value else {
      return PromptCompilation(
        nil, schemaName: syntax.schema?.value, source: source, failure: analyzer.failure, log)
    }
    var lowering = PromptLowering(source, schema: schema, template: template, imports: analyzer.imports)
    let newText = lowering.lower(syntax, references: analyzer.topReferences.compactMap { $0 }, turns: turns)
    let prompt = Prompt(
      schema: name, imports: analyzer.imports, newText: newText,
      endsWithUserTurn: turns.last.map { $0.role == .user } ?? syntax.endsWithUserTurn,
      searches: searches(analyzer.searches, askedBy: newText, in: source, log: log))
    var roles = lowering.roles
    if let text = root.firstTextOutsideRoles {
      roles.firstTextOutside = source.positions(of: text)
    } else if !prompt.endsWithUserTurn {
      roles.rootWithoutTurn = source.positions(of: root.nameRange)
    }
    return PromptCompilation(
      prompt, schemaName: name, roles: roles, source: source, failure: analyzer.failure, log)
  }

  /// What is looked for in libraries: by `query`, or by the document's own words in its last new text.
  private static func searches(
    _ searches: [LibrarySearch], askedBy newText: [Prompt.NewText], in source: SourceFile, log: DiagnosticLog
  ) -> [Prompt.Search] {
    let words = newText.last?.runs.filter { $0.origin == .document }.map(\.text) ?? []
    return searches.compactMap { search in
      guard let count = search.count else { return nil }
      if search.query == nil, words.isEmpty {
        log.report(PromptProblem.nothingToFind(library: search.library.description), at: search.range)
      }
      return Prompt.Search(
        library: search.library, count: count, query: search.query ?? words.joined(separator: "\n"),
        rank: search.rank, range: source.positions(of: search.range))
    }
  }

  /// The files that a schema names in `src`, each once, as paths from the schema's own folder.
  public static func includedFiles(of source: SourceFile) -> [FilePath] {
    guard let root = try? XMLParser.parse(source, onRawCharacter: { _ in }) else { return [] }
    var files: [FilePath] = []
    var seen: Set<FilePath> = []
    root.visitModules { module in
      guard let src = module.attribute("src") else { return }
      let path = FilePath(src.value)
      if seen.insert(path).inserted { files.append(path) }
    }
    return files
  }

  /// Checks a prompt without its schema: its XML and grammar, no more.
  ///
  /// - Parameters:
  ///   - source: the document.
  ///   - isSchemaKnown: the schema is there, but has errors itself; otherwise that it is not there is an error.
  ///   - schemas: names of the schemas that are there in its place.
  public static func checkPrompt(
    _ source: SourceFile, isSchemaKnown: Bool = false, schemas: [String] = []
  ) -> [Diagnostic] {
    let log = DiagnosticLog(source)
    if let root = parse(source, as: .prompt, log: log), !isSchemaKnown, let name = PromptSyntax(root).schema {
      var nearest = NearestName()
      let known = nearest.known(schemas, not: name.value)
      log.report(PromptProblem.unknownSchema(name.value, known: known), at: name.valueRange)
    }
    return log.diagnostics
  }

  /// Parses a document and holds it against the grammar; `nil` where nothing can be made of it.
  private static func parse(_ source: SourceFile, as kind: ElementKind, log: DiagnosticLog) -> XMLElement? {
    let root: XMLElement
    do {
      root = try XMLParser.parse(source) { log.report(rawCharacter: $0) }
    } catch {
      log.report(error.problem, at: error.range)
      return nil
    }
    var check = GrammarCheck(source, log: log)
    check.check(root, is: kind)
    if log.errorCount == 0 { RelaxNGValidator.check(root, log: log) }
    return root.name == kind.rawValue ? root : nil
  }
}

extension XMLElement {
  /// Calls `body` for each module in it, in document order.
  fileprivate func visitModules(_ body: (XMLElement) -> Void) {
    if name == ElementKind.module.rawValue { body(self) }
    for case .element(let element) in content { element.visitModules(body) }
  }
}

/// What became of a schema document.
public struct SchemaCompilation: Sendable {
  /// The lowered schema; `nil` if there were errors.
  public let schema: Schema?
  /// The documents of its libraries.
  public let libraries: SourceLibraries
  /// Where the schema's parts stand, for problems that later phases find.
  public let sourceMap: SchemaSourceMap
  /// Its roles.
  public let roles: RoleUses
  /// All problems, in source order.
  public let diagnostics: [Diagnostic]
  /// The document, for renderers.
  public let source: SourceFile

  init(
    schema: Schema?, libraries: SourceLibraries, sourceMap: SchemaSourceMap, roles: RoleUses, source: SourceFile,
    _ log: DiagnosticLog
  ) {
    self.schema = log.errorCount == 0 ? schema : nil
    self.libraries = libraries
    self.sourceMap = sourceMap
    self.roles = roles
    self.source = source
    diagnostics = log.diagnostics
  }
}

/// What became of a prompt document.
public struct PromptCompilation: Sendable {
  /// The resolved prompt; `nil` if there were errors.
  public let prompt: Prompt?
  /// Name of the schema that it is for, if it says so.
  public let schemaName: String?
  /// Its roles, with those of the schema.
  public let roles: RoleUses
  /// All problems, in source order.
  public let diagnostics: [Diagnostic]
  /// The document, for renderers.
  public let source: SourceFile
  /// Why documents of libraries could not be looked up, where that failed: then the diagnostics are not all.
  public let failure: LibraryFailure?

  init(
    _ prompt: Prompt?, schemaName: String?, roles: RoleUses = RoleUses(), source: SourceFile,
    failure: LibraryFailure? = nil, _ log: DiagnosticLog
  ) {
    self.failure = failure
    self.roles = roles
    self.prompt = log.errorCount == 0 ? prompt : nil
    self.schemaName = schemaName
    self.source = source
    diagnostics = log.diagnostics
  }
}
