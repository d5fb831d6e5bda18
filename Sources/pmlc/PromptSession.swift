import ContentHash
import KVCacheFormat
import PMLCompiler
import PromptCache
import Store

/// What answers prompts from a store's states: the session, and the schema of each prompt.
struct PromptSession {
  /// A schema, and the KV format that its states are read in.
  struct Schema {
    let prepared: PlannedSchema
    let element: KVElement
  }

  let session: CacheSession
  /// The schema of every prompt, where a file was given.
  private let fileSchema: Schema?
  /// The newest versions, by the schemas' names. They stay in the store as long as this lives.
  private let warmed: [String: WarmedSchema]

  /// Opens the store and loads the model, for these prompts.
  ///
  /// With a schema's file, the states that its prompts lack are computed and kept; without one, the newest versions in
  /// the store are used.
  ///
  /// - Throws: exit status 1, after the diagnostics, where a prompt or the schema has errors; `PromptCacheError`.
  init(for prompts: [SourceFile], _ inputs: Inputs, _ options: PromptOptions) throws {
    let model = inputs.model
    let schema = try options.schema.map(inputs.schema(at:))
    // Neither a prompt with errors nor a model that cannot be loaded shall leave a store behind.
    let layouts = try schema.map { schema in try prompts.map { try inputs.prompt($0, for: schema) } } ?? []
    try model.checkWeights()
    let store = try options.store.open(for: schema == nil ? .reading : .creating, limit: options.limit)
    let fingerprint = try model.fingerprintShowingProgress(rememberedIn: store)
    let names = try schema.map { [$0.schema.name] } ?? prompts.map(inputs.schemaName(of:))
    var warmed: [String: WarmedSchema] = [:]
    for name in names where warmed[name] == nil {
      warmed[name] = try WarmedSchema(named: name, element: options.kv, for: model, fingerprint: fingerprint, in: store)
      if schema == nil, warmed[name] == nil {
        throw PromptCacheError.notWarmed(schema: name, model: model, element: options.kv)
      }
    }
    let engine = try options.compute.engine(of: model, keptBeside: (store, fingerprint))
    session = CacheSession(model: model, engine: engine, store: store, fingerprint: fingerprint)
    fileSchema = schema.map { Schema(prepared: $0, element: options.kv ?? warmed[$0.schema.name]?.element ?? .f16) }
    self.warmed = warmed
    guard let fileSchema else { return }
    for layout in layouts {
      try session.ensureStates(for: layout, of: fileSchema.prepared, element: fileSchema.element)
    }
  }

  /// The schema of one of the prompts.
  func schema(of prompt: SourceFile, _ inputs: Inputs) throws -> Schema {
    if let fileSchema { return fileSchema }
    let name = try inputs.schemaName(of: prompt)
    guard let warmed = warmed[name] else {
      throw PromptCacheError.notWarmed(schema: name, model: session.model, element: nil)
    }
    return Schema(prepared: warmed.schema, element: warmed.element)
  }
}
