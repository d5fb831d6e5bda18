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
    let names = PML.checkNames(of: sources)
    let compiler = DocumentCompiler(template: foundTemplate, tokenizer: tokenizer)
    var wasSaid = false
    return sources.map { source in
      var document = compiler.compile(schema: source, includes: FolderIncludeReader(besides: source.path))
      document.diagnostics = document.diagnostics.sayingOnce(&wasSaid)
      return planned(document, names.filter { $0.file == source.path })
    }
  }

  private func planned(
    _ document: DocumentCompiler.CompiledDocument, _ names: [Diagnostic]
  ) -> CompilationResult<PlannedSchema> {
    var schema: PlannedSchema?
    if names.isEmpty, let lowered = document.schema, let plan = document.plan {
      schema = PlannedSchema(lowered, template: template, plan: plan)
    }
    return CompilationResult(schema, of: document.source, document.diagnostics + names)
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
  public func compile(
    prompt source: SourceFile, of schema: PlannedSchema, turns: [ChatTurn] = []
  ) -> CompilationResult<PlannedPrompt> {
    let start = ContinuousClock.now
    let compiled = schema.compiled.template
    let compiler = DocumentCompiler(
      template: compiled == template ? foundTemplate : FoundTemplate(given: compiled), tokenizer: tokenizer)
    let (layout, diagnostics) = compiler.compile(
      prompt: source, of: schema.schema, plan: schema.plan, turns: turns)
    let duration = ContinuousClock.now - start
    let prompt = layout.map { PlannedPrompt(path: source.path, layout: $0, compileTime: duration) }
    return CompilationResult(prompt, of: source, diagnostics)
  }

  /// The name of the schema that a prompt is for.
  public func schemaName(of prompt: SourceFile) -> CompilationResult<String> {
    let name = PML.schemaName(ofPrompt: prompt)
    return CompilationResult(name, of: prompt, name == nil ? PML.checkPrompt(prompt) : [])
  }
}
