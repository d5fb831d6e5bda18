internal import ContentHash
internal import KVCacheFormat
public import PMLCompiler
internal import Store

/// What compiling a schema gave: the schema, unless there are errors, and what was found.
public struct SchemaLoading: Sendable {
  /// The schema, ready to be used; `nil` where there are errors.
  public let schema: PlannedSchema?
  /// Problems, in source order.
  public let diagnostics: [Diagnostic]
}

/// What compiling a prompt gave: its layout, unless there are errors, and what was found.
public struct PromptLoading: Sendable {
  /// The prompt, laid on its schema; `nil` where there are errors.
  public let layout: PromptLayout?
  /// Problems, in source order.
  public let diagnostics: [Diagnostic]
}

extension PlannedSchema {
  /// Compiles a prompt's document and lays it on this schema.
  ///
  /// - Parameter source: the document.
  /// - Parameter model: the one that the schema was laid out for.
  public func compile(prompt source: SourceFile, for model: LoadedModel) -> PromptLoading {
    let compilation = PML.compilePrompt(source, schema: schema, template: compiled.template)
    var diagnostics = compilation.diagnostics
    let layout = compilation.prompt.flatMap {
      PromptLayout(
        of: $0, in: source.path, plan: plan, tokenizer: model.tokenizer, template: compiled.template,
        diagnostics: &diagnostics)
    }
    return PromptLoading(layout: layout, diagnostics: diagnostics.inSourceOrder())
  }

  /// Compiles a schema's document and lays it out for `model`.
  public static func compile(_ source: SourceFile, for model: LoadedModel) -> SchemaLoading {
    let compilation = PML.compileSchema(
      source, template: model.template, includes: FolderIncludeReader(besides: source.path))
    var diagnostics = compilation.diagnostics
    guard let schema = compilation.schema else { return SchemaLoading(schema: nil, diagnostics: diagnostics) }
    let layout = SchemaLayout(
      of: schema, tokenizer: model.tokenizer, sources: compilation.sourceMap, diagnostics: &diagnostics)
    let prepared = layout.map {
      PlannedSchema(CompiledSchema(schema: schema, template: model.template, layout: $0))
    }
    return SchemaLoading(schema: prepared, diagnostics: diagnostics.inSourceOrder())
  }

  /// Reads what `pmlc compile` wrote.
  ///
  /// - Throws: `IRError` if it is something else, or was compiled for another tokenizer.
  public init(lowered bytes: [UInt8], for model: LoadedModel) throws(IRError) {
    let compiled = try CompiledSchema(decoding: bytes)
    try compiled.check(model.tokenizer)
    self.init(compiled)
  }

  /// Reads the lowered schema of a version in a store.
  ///
  /// - Throws: `PromptCacheError.unreadableVersion` if it was written by another program version or for another tokenizer.
  init(of version: VersionRecord, model: LoadedModel) throws(PromptCacheError) {
    do throws(IRError) {
      try self.init(lowered: version.lowered, for: model)
    } catch {
      throw .unreadableVersion(schema: version.schema, version: version.number, problem: error.description)
    }
  }
}
