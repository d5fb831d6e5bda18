internal import FileSystem
public import PMLCompiler

extension LoadedModel {
  /// Compiles a schema's document and lays it out for this model.
  ///
  /// Files that it names are read from its own folder.
  public func compile(schema source: SourceFile) -> CompilationResult<PlannedSchema> {
    compile(schema: source, includes: FolderIncludeReader(besides: source.path))
  }

  /// Compiles a schema's document and lays it out for this model.
  ///
  /// - Parameters:
  ///   - source: the document.
  ///   - includes: reads the files that it names.
  public func compile(schema source: SourceFile, includes: any IncludeReader) -> CompilationResult<PlannedSchema> {
    let compiler = DocumentCompiler(template: foundTemplate, tokenizer: tokenizer)
    return planned(compiler.compile(schema: source, includes: includes), [])
  }

  /// Compiles schemas that are used together. Each needs a name of its own.
  ///
  /// - Returns: one result a document, in their order.
  public func compile(schemas sources: [SourceFile]) -> [CompilationResult<PlannedSchema>] {
    compile(schemas: sources) { _ in NoDocumentMemory() }
  }

  /// The same with what is known of the documents of libraries, by the schema's name.
  func compile(
    schemas sources: [SourceFile], memory: (String) -> any DocumentMemory
  ) -> [CompilationResult<PlannedSchema>] {
    let names = PML.checkNames(of: sources)
    let compiler = DocumentCompiler(template: foundTemplate, tokenizer: tokenizer)
    var wasSaid = false
    return sources.map { source in
      var document = compiler.compile(
        schema: source, includes: FolderIncludeReader(besides: source.path),
        memory: memory(PML.name(ofSchema: source) ?? ""))
      document.diagnostics = document.diagnostics.sayingOnce(&wasSaid)
      return planned(document, names.filter { $0.file == source.path })
    }
  }

  private func planned(
    _ document: DocumentCompiler.CompiledDocument, _ names: [Diagnostic]
  ) -> CompilationResult<PlannedSchema> {
    var schema: PlannedSchema?
    if names.isEmpty, let lowered = document.schema, let plan = document.plan, let documents = document.documents {
      schema = PlannedSchema(lowered, template: template, plan: plan, documents: .source(documents))
    }
    return CompilationResult(schema, of: document.source, document.diagnostics + names, failure: document.failure)
  }

  /// Takes a schema's document, or what compiling one has written (`PlannedSchema.compiled.encoded`).
  ///
  /// - Throws: `PromptCacheError.unusableLoweredSchema` for a lowered schema that is damaged, or belongs to another
  ///   model.
  public func compile(
    schemaOrLowered source: SourceFile
  ) throws(PromptCacheError) -> CompilationResult<PlannedSchema> {
    guard source.bytes.first == UInt8(ascii: "{") else { return compile(schema: source) }
    do throws(IRError) {
      return CompilationResult(try PlannedSchema(lowered: source.bytes, for: self), of: source, [])
    } catch {
      throw .unusableLoweredSchema(path: source.path, error)
    }
  }

  /// Compiles a prompt's document and lays it on its schema.
  ///
  /// - Parameters:
  ///   - source: the document.
  ///   - schema: compiled for this model.
  ///   - turns: of a conversation, follow at the prompt's end as role elements with `xml:space="preserve"` would.
  ///   - lengthRule: which positions have to be there: other ones where the prompt is answered without the cache.
  public func compile(
    prompt source: SourceFile, of schema: PlannedSchema, turns: [ChatTurn] = [],
    lengthRule: PromptLengthRule = .placed
  ) -> CompilationResult<PlannedPrompt> {
    let start = ContinuousClock.now
    let compiled = schema.compiled.template
    let compiler = DocumentCompiler(
      template: compiled == template ? foundTemplate : FoundTemplate(given: compiled), tokenizer: tokenizer)
    let compiledPrompt = compiler.compile(
      prompt: source, of: schema.schema, plan: schema.plan, libraries: schema.documents, turns: turns,
      lengthRule: lengthRule)
    let prompt = planned(compiledPrompt, from: source, of: schema, lengthRule, since: start)
    return CompilationResult(prompt, of: source, compiledPrompt.diagnostics, failure: compiledPrompt.failure)
  }

  private func planned(
    _ compiled: DocumentCompiler.CompiledPrompt, from source: SourceFile, of schema: PlannedSchema,
    _ lengthRule: PromptLengthRule, since start: ContinuousClock.Instant
  ) -> PlannedPrompt? {
    guard let prompt = compiled.prompt, let layout = compiled.layout, let plan = compiled.plan else { return nil }
    return PlannedPrompt(
      source: source, prompt: prompt, layout: layout, schema: schema.replacingPlan(plan), lengthRule: lengthRule,
      compileTime: ContinuousClock.now - start)
  }

  /// A prompt that imports documents besides those that it names.
  ///
  /// - Parameters:
  ///   - prompt: the prompt.
  ///   - schema: the schema that it was compiled for, as it is without the prompt's documents.
  ///   - paths: the documents, in the order in which they are to stand.
  ///   - isWithinWindows: whether they have to fit their libraries' windows.
  /// - Throws: `PromptCacheError.invalidDocument` where it does not fit the model with them.
  func importing(
    _ paths: [ModulePath], into prompt: PlannedPrompt, of schema: PlannedSchema, isWithinWindows: Bool = true
  ) throws(PromptCacheError) -> PlannedPrompt {
    let start = ContinuousClock.now
    let compiler = DocumentCompiler(
      template: FoundTemplate(given: schema.compiled.template), tokenizer: tokenizer)
    let compiled = compiler.layOut(
      prompt.prompt.importing(paths), in: prompt.path, on: schema.plan, schema.documents,
      isWithinWindows: isWithinWindows, lengthRule: prompt.lengthRule, [])
    if let failure = compiled.failure { throw failure }
    let since = start - prompt.compileTime
    guard let planned = planned(compiled, from: prompt.source, of: schema, prompt.lengthRule, since: since) else {
      throw .invalidDocument(prompt.source, diagnostics: compiled.diagnostics)
    }
    return planned
  }

  /// The name of the schema that a prompt is for.
  public func schemaName(of prompt: SourceFile) -> CompilationResult<String> {
    let name = PML.schemaName(ofPrompt: prompt)
    return CompilationResult(name, of: prompt, name == nil ? PML.checkPrompt(prompt) : [])
  }
}
