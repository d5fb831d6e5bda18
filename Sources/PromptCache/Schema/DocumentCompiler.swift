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
    /// Its encodings, and with them its layout, unless it has errors or there is no tokenizer.
    let plan: EncodingPlan?
    var diagnostics: [Diagnostic]

    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
  }

  func compile(schema source: SourceFile, includes: any IncludeReader) -> CompiledDocument {
    let compilation = PML.compileSchema(source, template: template.template, includes: includes)
    var diagnostics = compilation.diagnostics
    if let warning = template.warning(for: compilation.roles, in: source.path) { diagnostics.append(warning) }
    var plan: EncodingPlan?
    if let schema = compilation.schema, let tokenizer {
      plan = self.plan(schema, tokenizer, compilation.sourceMap, diagnostics: &diagnostics)
    }
    return CompiledDocument(source: source, schema: compilation.schema, plan: plan, diagnostics: diagnostics)
  }

  /// Lays a schema out and finds its encodings; `nil` where it does not fit the model.
  private func plan(
    _ schema: Schema, _ tokenizer: ModelTokenizer, _ sources: SchemaSourceMap, diagnostics: inout [Diagnostic]
  ) -> EncodingPlan? {
    let layout = SchemaLayout(of: schema, tokenizer: tokenizer, sources: sources, diagnostics: &diagnostics)
    guard let layout else { return nil }
    diagnostics += layout.advice(on: schema, sources: sources)
    let plan = EncodingPlan(of: layout)
    let problems = plan.problems(within: tokenizer.contextLimits, sources: sources)
    diagnostics += problems
    return problems.isEmpty ? plan : nil
  }

  /// Compiles a prompt for a schema that was lowered with the same template.
  ///
  /// - Parameter plan: that of the schema; without it, the prompt is not laid out.
  /// - Parameter turns: follow at the prompt's end.
  func compile(
    prompt source: SourceFile, of schema: Schema, plan: EncodingPlan?, turns: [ChatTurn] = []
  ) -> (layout: PromptLayout?, diagnostics: [Diagnostic]) {
    let compilation = PML.compilePrompt(source, schema: schema, template: template.template, turns: turns)
    var diagnostics = compilation.diagnostics
    if let warning = template.warning(for: compilation.roles, in: source.path) { diagnostics.append(warning) }
    guard let prompt = compilation.prompt, let plan, let tokenizer else { return (nil, diagnostics) }
    let layout = PromptLayout(
      of: prompt, in: source.path, plan: plan, tokenizer: tokenizer, template: template.template,
      diagnostics: &diagnostics)
    return (layout, diagnostics)
  }
}
