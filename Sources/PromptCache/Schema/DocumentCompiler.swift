internal import FileSystem
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
    /// The documents of its libraries.
    let libraries: SourceLibraries
    /// Its encodings, and with them its layout, unless it has errors or there is no tokenizer.
    let plan: EncodingPlan?
    /// Its libraries' documents, laid out, where it has a plan.
    let documents: SourceDocuments?
    var diagnostics: [Diagnostic]
    /// Why documents could not be read, where that failed.
    let failure: PromptCacheError?

    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
  }

  /// Compiles a schema.
  ///
  /// - Parameter memory: what is known of its libraries' documents.
  func compile(
    schema source: SourceFile, includes: any IncludeReader, memory: some DocumentMemory = NoDocumentMemory()
  ) -> CompiledDocument {
    let compilation = PML.compileSchema(source, template: template.template, includes: includes)
    var diagnostics = compilation.diagnostics
    if let warning = template.warning(for: compilation.roles, in: source.path) { diagnostics.append(warning) }
    diagnostics += template.advice(on: compilation.roles, in: source.path)
    var plan: EncodingPlan?
    var documents: SourceDocuments?
    var failure: PromptCacheError?
    if let schema = compilation.schema, let tokenizer {
      plan = self.plan(schema, tokenizer, compilation.sourceMap, diagnostics: &diagnostics)
      if let layout = plan?.layout {
        do throws(LibraryFailure) {
          documents = try layOut(
            compilation.libraries, in: layout, tokenizer, memory: memory, diagnostics: &diagnostics)
        } catch {
          failure = PromptCacheError(libraryFailure: error)
        }
      }
    }
    return CompiledDocument(
      source: source, schema: compilation.schema, libraries: compilation.libraries, plan: plan, documents: documents,
      diagnostics: diagnostics, failure: failure)
  }

  /// Finds how long the documents of libraries are; `nil` where one does not fit.
  private func layOut(
    _ libraries: SourceLibraries, in layout: SchemaLayout, _ tokenizer: ModelTokenizer, memory: some DocumentMemory,
    diagnostics: inout [Diagnostic]
  ) throws(LibraryFailure) -> SourceDocuments? {
    var documents: [String: [LibraryDocument]] = [:]
    var problems: [Diagnostic] = []
    for (index, library) in layout.libraries.enumerated() {
      documents[library.declaration.name] = try libraries.layOut(
        index, in: layout, tokenizer: tokenizer, memory: memory, diagnostics: &problems)
    }
    diagnostics += problems
    return problems.isEmpty ? SourceDocuments(libraries: libraries, tokenizer: tokenizer, documents: documents) : nil
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

  /// A prompt as far as it could be compiled.
  struct CompiledPrompt: Sendable {
    /// The resolved prompt, unless it has errors.
    let prompt: Prompt?
    /// Where its tokens stand, unless it does not fit or is not laid out.
    let layout: PromptLayout?
    /// The plan that it is laid on: that of the schema, with the documents that it imports.
    let plan: EncodingPlan?
    let diagnostics: [Diagnostic]
    /// Why documents could not be read, where that failed.
    let failure: PromptCacheError?
  }

  /// Compiles a prompt for a schema that was lowered with the same template.
  ///
  /// - Parameters:
  ///   - source: the document.
  ///   - schema: the schema.
  ///   - plan: that of the schema; without it, the prompt is not laid out.
  ///   - libraries: the documents of the schema's libraries.
  ///   - turns: follow at the prompt's end.
  ///   - lengthRule: which positions have to be there.
  func compile(
    prompt source: SourceFile, of schema: Schema, plan: EncodingPlan?, libraries: any LibraryNames,
    turns: [ChatTurn] = [], lengthRule: PromptLengthRule = .placed
  ) -> CompiledPrompt {
    let compilation = PML.compilePrompt(
      source, schema: schema, template: template.template, libraries: libraries, turns: turns)
    var diagnostics = compilation.diagnostics
    if let warning = template.warning(for: compilation.roles, in: source.path) { diagnostics.append(warning) }
    if compilation.prompt != nil { diagnostics += template.advice(on: compilation.roles, in: source.path) }
    let failure = compilation.failure.map(PromptCacheError.init(libraryFailure:))
    guard failure == nil, let prompt = compilation.prompt, let plan, let contents = libraries as? any LibraryContents
    else {
      return CompiledPrompt(
        prompt: compilation.prompt, layout: nil, plan: nil, diagnostics: diagnostics, failure: failure)
    }
    return layOut(prompt, in: source.path, on: plan, contents, lengthRule: lengthRule, diagnostics)
  }

  /// Lays a resolved prompt out.
  ///
  /// - Parameters:
  ///   - prompt: the prompt.
  ///   - file: path of its document, for the problems.
  ///   - plan: that of its schema.
  ///   - libraries: the documents of the schema's libraries.
  ///   - isWithinWindows: whether documents have to fit their libraries' windows.
  ///   - lengthRule: which positions have to be there.
  ///   - diagnostics: what is known already.
  func layOut(
    _ prompt: Prompt, in file: FilePath, on plan: EncodingPlan, _ libraries: any LibraryContents,
    isWithinWindows: Bool = true, lengthRule: PromptLengthRule, _ diagnostics: [Diagnostic]
  ) -> CompiledPrompt {
    var diagnostics = diagnostics
    guard let tokenizer else {
      return CompiledPrompt(prompt: prompt, layout: nil, plan: nil, diagnostics: diagnostics, failure: nil)
    }
    do throws(LibraryFailure) {
      let plan = plan.importing(try prompt.documents(in: plan.layout, from: libraries))
      let layout = PromptLayout(
        of: prompt, in: file, plan: plan, tokenizer: tokenizer, template: template.template,
        isWithinWindows: isWithinWindows, lengthRule: lengthRule, diagnostics: &diagnostics)
      return CompiledPrompt(prompt: prompt, layout: layout, plan: plan, diagnostics: diagnostics, failure: nil)
    } catch {
      return CompiledPrompt(
        prompt: prompt, layout: nil, plan: nil, diagnostics: diagnostics,
        failure: PromptCacheError(libraryFailure: error))
    }
  }
}

extension Prompt {
  /// The documents that it imports, in the order in which they are to stand.
  fileprivate func documents(
    in layout: SchemaLayout, from libraries: any LibraryContents
  ) throws(LibraryFailure) -> [ImportedDocument] {
    guard !layout.libraries.isEmpty else { return [] }
    let indices = Dictionary(
      layout.libraries.enumerated().map { (layout.modules[$1.module].path, $0) },
      uniquingKeysWith: { first, _ in first })
    var documents: [ImportedDocument] = []
    for imported in imports {
      guard let index = imported.path.parent.flatMap({ indices[$0] }), let name = imported.path.name,
        let tokens = try libraries.tokens(of: name, in: layout.libraries[index].declaration)
      else { continue }
      documents.append(ImportedDocument(library: index, name: name, tokens: tokens))
    }
    return documents
  }
}
