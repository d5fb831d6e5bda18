/// The compiler's front: from documents of PML to lowered schemas and resolved prompts.
///
/// Each call parses, holds the document against the grammar, checks what it means, and lowers it. All problems of a
/// document are found in one run; malformed XML alone ends the checking.
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
        schema: nil, sourceMap: SchemaSourceMap(file: source.path), roles: RoleUses(), source: source, log)
    }
    let syntax = SchemaSyntax(root, in: source)
    var analyzer = SchemaAnalyzer(log: log)
    analyzer.check(syntax)
    var lowering = SchemaLowering(source, template: template, includes: includes, log: log)
    let schema = lowering.lower(syntax)
    var scaffolds = ScaffoldAnalyzer(schema, log: log)
    scaffolds.check(syntax.scaffolds)
    return SchemaCompilation(
      schema: schema, sourceMap: lowering.sourceMap, roles: lowering.roles, source: source, log)
  }

  /// Compiles a prompt for `schema`, which was lowered with the same `template`.
  ///
  /// - Parameters:
  ///   - source: the document.
  ///   - schema: what it has to be for.
  ///   - template: what stands around the text of roles.
  ///   - turns: follow at the prompt's end, as role elements with `xml:space="preserve"` would.
  public static func compilePrompt(
    _ source: SourceFile, schema: Schema, template: ChatTemplate, turns: [ChatTurn] = []
  ) -> PromptCompilation {
    let log = DiagnosticLog(source)
    guard let root = parse(source, as: .prompt, log: log) else {
      return PromptCompilation(nil, schemaName: nil, source: source, log)
    }
    let syntax = PromptSyntax(root)
    var analyzer = PromptAnalyzer(source, schema: schema, log: log)
    analyzer.analyze(syntax)
    guard log.errorCount == 0, let name = syntax.schema?.value else {
      return PromptCompilation(nil, schemaName: syntax.schema?.value, source: source, log)
    }
    var lowering = PromptLowering(source, schema: schema, template: template, imports: analyzer.imports)
    let newText = lowering.lower(syntax, references: analyzer.topReferences.compactMap { $0 }, turns: turns)
    let prompt = Prompt(
      schema: name, imports: analyzer.imports, newText: newText,
      endsWithUserTurn: turns.last.map { $0.role == .user } ?? syntax.endsWithUserTurn)
    return PromptCompilation(prompt, schemaName: name, roles: lowering.roles, source: source, log)
  }

  /// Checks a prompt without its schema: its XML and grammar, no more.
  ///
  /// - Parameter source: the document.
  /// - Parameter isSchemaKnown: the schema is there, but has errors itself; otherwise that it is not there is an error.
  public static func checkPrompt(_ source: SourceFile, isSchemaKnown: Bool = false) -> [Diagnostic] {
    let log = DiagnosticLog(source)
    if let root = parse(source, as: .prompt, log: log), !isSchemaKnown, let name = PromptSyntax(root).schema {
      log.report(PromptProblem.unknownSchema(name.value), at: name.valueRange)
    }
    return log.diagnostics
  }

  /// Parses a document and holds it against the grammar; `nil` where nothing can be made of it.
  private static func parse(_ source: SourceFile, as kind: ElementKind, log: DiagnosticLog) -> XMLElement? {
    let root: XMLElement
    do {
      root = try XMLParser.parse(source)
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

/// What became of a schema document.
public struct SchemaCompilation: Sendable {
  /// The lowered schema; `nil` if there were errors.
  public let schema: Schema?
  /// Where the schema's parts stand, for problems that later phases find.
  public let sourceMap: SchemaSourceMap
  /// Its roles.
  public let roles: RoleUses
  /// All problems, in source order.
  public let diagnostics: [Diagnostic]
  /// The document, for renderers.
  public let source: SourceFile

  init(
    schema: Schema?, sourceMap: SchemaSourceMap, roles: RoleUses, source: SourceFile, _ log: DiagnosticLog
  ) {
    self.schema = log.errorCount == 0 ? schema : nil
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

  init(
    _ prompt: Prompt?, schemaName: String?, roles: RoleUses = RoleUses(), source: SourceFile, _ log: DiagnosticLog
  ) {
    self.roles = roles
    self.prompt = log.errorCount == 0 ? prompt : nil
    self.schemaName = schemaName
    self.source = source
    diagnostics = log.diagnostics
  }
}
