public import KVCacheFormat
public import PMLCompiler
internal import Store

extension CacheSession {
  /// Compiles a schema, computes the states that the store lacks, and records a version of it unless nothing changed.
  ///
  /// - Parameter source: the document.
  /// - Parameter element: how states are kept.
  /// - Throws: `PromptCacheError.invalidDocument` where the schema has errors; the engine's and the store's failures.
  public func warm(_ source: SourceFile, as element: KVElement = .f16) throws(PromptCacheError) -> WarmedSchema {
    let loading = PlannedSchema.compile(source, for: model)
    guard let schema = loading.schema else { throw .invalidDocument(source, diagnostics: loading.diagnostics) }
    let engine = engine
    let report = try warmer(element).warm(schema, engine: { () throws(PromptCacheError) in engine })
    let version = VersionName(model: fingerprint, schema: schema.schema.name, number: report.version ?? 0)
    let lease = try withStoreErrors { () throws(StoreError) in try store.lease(version) }
    return WarmedSchema(schema: schema, element: element, version: version.number, lease: lease)
  }

  /// The answer to a prompt of `schema`, as it is made.
  ///
  /// - Throws: `PromptCacheError.invalidDocument` where the prompt has errors; `.statesMissing` where states of the
  ///   schema are not in the store; `.store` for damaged ones.
  public func generate(
    from source: SourceFile, of schema: WarmedSchema, options: GenerationOptions = .init()
  ) throws(PromptCacheError) -> Generation {
    let start = ContinuousClock.now
    let loading = schema.schema.compile(prompt: source, for: model)
    guard let layout = loading.layout else { throw .invalidDocument(source, diagnostics: loading.diagnostics) }
    return generate(
      from: try prepare(layout, of: schema.schema, element: schema.element), options: options, start: start)
  }
}
