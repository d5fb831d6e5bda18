internal import Dispatch
public import PMLCompiler
internal import Synchronization

/// Checks schemas and prompts together: a prompt against the schema that it names.
public struct DocumentChecker: Sendable {
  /// A document and what was found in it.
  public struct Result: Sendable {
    /// The document.
    public let source: SourceFile
    /// Problems, in source order.
    public let diagnostics: [Diagnostic]
  }

  private let model: LoadedModel?
  private let template: ChatTemplate
  private let includes: @Sendable (SourceFile) -> any IncludeReader

  /// A checker that knows no lengths without a `model`.
  ///
  /// - Parameter model: its tokenizer counts lengths, if there is one.
  /// - Parameter template: what stands around the roles' text; without it, what the model has.
  /// - Parameter includes: what reads the files that a schema names in `src`; without it, they are read from its folder.
  public init(
    model: LoadedModel?, template: ChatTemplate? = nil,
    includes: @escaping @Sendable (SourceFile) -> any IncludeReader = { FolderIncludeReader(besides: $0.path) }
  ) {
    self.model = model
    self.includes = includes
    self.template = template ?? model?.template ?? .plain
  }

  /// Checks documents, in parallel. Results are in the order of `sources`.
  ///
  /// - Parameter sources: the documents.
  /// - Parameter schema: the prompts' schema; without it, a prompt is checked against the schema of the name that it gives
  ///   among `sources`. What is wrong with it comes last, if something is.
  public func check(_ sources: [SourceFile], schema: SourceFile? = nil) -> [Result] {
    let kinds = sources.map { PML.rootKind(of: $0) }
    let schemas = inParallel(sources.count + 1) { index -> CheckedSchema? in
      if index == sources.count { return schema.map(compile) }
      return kinds[index] == .prompt ? nil : compile(sources[index])
    }
    let given = schemas[sources.count]
    let byName = Dictionary(
      zip(sources, schemas).compactMap { source, checked in
        checked.flatMap { checked in PML.name(ofSchema: source).map { ($0, checked) } }
      },
      uniquingKeysWith: { first, _ in first })
    let results = inParallel(sources.count) { index in
      let source = sources[index]
      if let checked = schemas[index] { return Result(source: source, diagnostics: checked.diagnostics) }
      let name = PML.schemaName(ofPrompt: source)
      let schema = given ?? name.flatMap { byName[$0] }
      return Result(source: source, diagnostics: check(source, against: schema))
    }
    guard let schema, let given, !given.diagnostics.isEmpty else { return results }
    return results + [Result(source: schema, diagnostics: given.diagnostics)]
  }

  /// Compiles one schema.
  ///
  /// - Returns: the lowered schema unless there are errors, lengths included where there is a model; and what was found.
  public func compile(schema source: SourceFile) -> (schema: Schema?, diagnostics: [Diagnostic]) {
    let checked = compile(source)
    let isRight = !checked.diagnostics.contains { $0.severity == .error }
    return (isRight ? checked.schema : nil, checked.diagnostics)
  }

  private struct CheckedSchema: Sendable {
    let schema: Schema?
    let plan: EncodingPlan?
    let diagnostics: [Diagnostic]
  }

  private func compile(_ source: SourceFile) -> CheckedSchema {
    let compilation = PML.compileSchema(source, template: template, includes: includes(source))
    var diagnostics = compilation.diagnostics
    let layout = compilation.schema.flatMap { schema in
      model.flatMap {
        SchemaLayout(
          of: schema, tokenizer: $0.tokenizer, sources: compilation.sourceMap, diagnostics: &diagnostics)
      }
    }
    return CheckedSchema(
      schema: compilation.schema, plan: layout.map { EncodingPlan(of: $0) }, diagnostics: diagnostics.inSourceOrder())
  }

  private func check(_ source: SourceFile, against checked: CheckedSchema?) -> [Diagnostic] {
    guard let checked else { return PML.checkPrompt(source) }
    guard let schema = checked.schema else { return PML.checkPrompt(source, isSchemaKnown: true) }
    let compilation = PML.compilePrompt(source, schema: schema, template: template)
    var diagnostics = compilation.diagnostics
    if let model, let plan = checked.plan, let prompt = compilation.prompt {
      _ = PromptLayout(
        of: prompt, in: source.path, plan: plan, tokenizer: model.tokenizer, template: template,
        diagnostics: &diagnostics)
    }
    return diagnostics.inSourceOrder()
  }
}

/// The results of `body` for 0 ..< count, computed on all cores.
private func inParallel<T: Sendable>(_ count: Int, _ body: @Sendable (Int) -> T) -> [T] {
  let results = Mutex<[Int: T]>([:])
  DispatchQueue.concurrentPerform(iterations: count) { index in
    let result = body(index)
    results.withLock { $0[index] = result }
  }
  return results.withLock { results in (0..<count).compactMap { results[$0] } }
}
