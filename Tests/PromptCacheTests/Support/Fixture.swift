import ContentHash
import Engine
import FileSystem
import Foundation
import KVCacheFormat
import PMLCompiler
import PromptCache
import Store
import Testing
import TestSupport

/// The model that ships, and a store of its own in a temporary folder.
struct Fixture {
  let model: LoadedModel
  let engine: InferenceEngine
  let store: StateStore
  let fingerprint: SHA256Digest
  let folder: TemporaryFolder

  init(weights: WeightFormat = .stored) throws {
    folder = try TemporaryFolder()
    model = try LoadedModel(at: nil, weights: weights)
    engine = try model.engine(threads: 1)
    store = try StateStore(at: FilePath(folder.path("store")))
    fingerprint = try model.fingerprint(rememberedIn: nil)
  }

  /// The same store under another tenant's name.
  init(besides other: Fixture, namespace: String) throws {
    folder = other.folder
    model = other.model
    engine = other.engine
    fingerprint = other.fingerprint
    store = try StateStore(at: FilePath(folder.path("store")), options: StoreOptions(namespace: namespace))
  }

  var session: CacheSession {
    CacheSession(model: model, engine: engine, store: store, fingerprint: fingerprint)
  }

  func schema(_ text: String) throws -> PlannedSchema {
    let loading = PlannedSchema.compile(SourceFile(path: "schema.pml", text: text), for: model)
    #expect(loading.diagnostics.filter { $0.severity == .error } == [])
    return try #require(loading.schema)
  }

  func layout(_ prompt: String, of schema: PlannedSchema) throws -> PromptLayout {
    let source = SourceFile(path: "prompt.pml", text: prompt)
    var diagnostics: [Diagnostic] = []
    let compilation = PML.compilePrompt(source, schema: schema.schema, template: schema.compiled.template)
    #expect(compilation.diagnostics == [])
    let resolved = try #require(compilation.prompt)
    let layout = PromptLayout(
      of: resolved, in: source.path, plan: schema.plan, tokenizer: model.tokenizer,
      template: schema.compiled.template, diagnostics: &diagnostics)
    #expect(diagnostics == [])
    return try #require(layout)
  }

  @discardableResult
  func warm(_ schema: PlannedSchema, as element: KVElement = .f32) throws -> WarmReport {
    let warmer = Warmer(model: model, fingerprint: fingerprint, store: store, element: element)
    let engine = engine
    return try warmer.warm(schema, engine: { () throws(PromptCacheError) in engine })
  }

  func answer(
    _ prompt: ReadyPrompt, _ options: GenerationOptions = .init(maximumTokens: 8, logProbabilities: 5)
  )
    throws -> Completion
  {
    var batch = GenerationBatch(model: model, engine: engine)
    try batch.add(prompt, options: options)
    while !batch.isEmpty {
      for case (_, .finish(let completion)) in try batch.step() { return completion }
    }
    throw PromptCacheError.cancelled
  }
}

/// Documents of several sizes, each certain to see all that is before it, so that the method is exact for them.
let chain = """
  <schema name="chain">
    Answer the question from the documents.
    <module name="first">
      # Bonkru Labs
      Bonkru Labs is led by Kerti Zavon. The head office of Bonkru Labs is in Norville.
      <module name="second">
        # Worbi
        The Worbi is made by Bonkru Labs. The Worbi costs 149 euros.
        <module name="third">
          # Dripin
          The price of the Dripin is 820 euros. The Dripin weighs 14.3 kg.
        </module>
      </module>
    </module>
  </schema>
  """

let chainPrompt = """
  <prompt schema="chain">
    <first><second><third/></second></first>
    Question: How much does the Dripin cost?
    Answer:
  </prompt>
  """
