internal import PMLCompiler

/// The one way from documents to layouts, for `LoadedModel` and `DocumentChecker`.
///
/// Without a tokenizer, lengths are not known and nothing is laid out.
struct DocumentCompiler: Sendable {
  let template: FoundTemplate
  let tokenizer: ModelTokenizer?

  /// A schema as far as it could be compiled.
  struct CompiledDocument: Sendable {
    let source: SourceFile
    /// The lowered schema, unless it has errors in itself.
    let schema: Schema?
    /// Its layout, unless it has errors or there is no tokenizer.
    let layout: SchemaLayout?
    var diagnostics: [Diagnostic]

    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
  }

  func compile(schema source: SourceFile, includes: any IncludeReader) -> CompiledDocument {
    let compilation = PML.compileSchema(source, template: template.template, includes: includes)
    var diagnostics = compilation.diagnostics
    if let warning = template.warning(for: compilation.roles, in: source.path) { diagnostics.append(warning) }
    var layout: SchemaLayout?
    if let schema = compilation.schema, let tokenizer {
      layout = SchemaLayout(
        of: schema, tokenizer: tokenizer, sources: compilation.sourceMap, diagnostics: &diagnostics)
    }
    return CompiledDocument(source: source, schema: compilation.schema, layout: layout, diagnostics: diagnostics)
  }

  /// Compiles a prompt for a schema that was lowered with the same template.
  ///
  /// - Parameter plan: that of the schema; without it, the prompt is not laid out.
  func compile(
    prompt source: SourceFile, of schema: Schema, plan: EncodingPlan?
  ) -> (layout: PromptLayout?, diagnostics: [Diagnostic]) {
    let compilation = PML.compilePrompt(source, schema: schema, template: template.template)
    var diagnostics = compilation.diagnostics
    if let warning = template.warning(for: compilation.roles, in: source.path) { diagnostics.append(warning) }
    guard let prompt = compilation.prompt, let plan, let tokenizer else { return (nil, diagnostics) }
    let layout = PromptLayout(
      of: prompt, in: source.path, plan: plan, tokenizer: tokenizer, template: template.template,
      diagnostics: &diagnostics)
    return (layout, diagnostics)
  }
}
