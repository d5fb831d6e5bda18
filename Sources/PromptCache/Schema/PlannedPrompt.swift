public import FileSystem
public import PMLCompiler

/// A prompt laid on its schema: which states it uses, and what has to be computed.
public struct PlannedPrompt: Sendable {
  /// Its document.
  let source: SourceFile
  /// Path of its document.
  public var path: FilePath { source.path }
  /// What it says, resolved.
  let prompt: Prompt
  /// Where its tokens stand.
  public let layout: PromptLayout
  /// Its schema, with the documents of libraries that it imports as modules: what its layout is of.
  public let schema: PlannedSchema
  /// Which positions it was held against the model's by.
  let lengthRule: PromptLengthRule
  /// How long compiling it took, which is part of the time to an answer's first token.
  var compileTime: Duration
  /// The documents of libraries that it has, in the order in which they stand.
  public internal(set) var documents: [PromptDocument]
  /// Whether documents are still to be looked for (`CacheSession.findDocuments`).
  public internal(set) var wantsDocuments: Bool

  /// Whether it asks for documents to be found.
  public var looksForDocuments: Bool { !prompt.searches.isEmpty }
  /// The documents that were found for it, in the order in which they stand.
  public var foundDocuments: [PromptDocument] { documents.filter { $0.score != nil } }

  init(
    source: SourceFile, prompt: Prompt, layout: PromptLayout, schema: PlannedSchema, lengthRule: PromptLengthRule,
    compileTime: Duration
  ) {
    self.source = source
    self.prompt = prompt
    self.layout = layout
    self.schema = schema
    self.lengthRule = lengthRule
    self.compileTime = compileTime
    documents = schema.plan.layout.libraries.flatMap { library in
      schema.plan.layout.modules[library.module].content.compactMap { content in
        guard case .module(let module) = content else { return nil }
        let document = schema.plan.layout.modules[module]
        let start = layout.parts.first { part in
          guard case .schema(let item) = part.content else { return false }
          return schema.plan.layout.module(of: item) == module
        }
        return PromptDocument(
          path: document.path, start: start?.start ?? document.start, tokens: document.length, score: nil)
      }
    }
    wantsDocuments = !prompt.searches.isEmpty
  }

  /// The same prompt, for which nothing is looked for any more.
  var settled: PlannedPrompt {
    var prompt = self
    prompt.wantsDocuments = false
    return prompt
  }
}

/// A document of a library in a prompt.
public struct PromptDocument: Hashable, Sendable {
  /// Its path: the library, and its name there.
  public let path: ModulePath
  /// Position of its first token.
  public let start: Int
  /// Number of its tokens.
  public let tokens: Int
  /// How well it suits, if it was found: BM25, or by `rank="attention"` the logarithm of what it draws; `nil` for one that
  /// the prompt names.
  public internal(set) var score: Double?
}
