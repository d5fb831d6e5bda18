public import PMLCompiler

extension PlannedPrompt {
  /// What stands where in it, what of it is read from the store, and whose turn it is.
  ///
  /// - Parameter model: the one that it was compiled for.
  public func report(for model: LoadedModel) -> PromptReport {
    PromptReport(
      of: path.description, layout, schema: schema.schema, plan: schema.plan, template: schema.compiled.template,
      tokenizer: model.tokenizer, model: (model.name, model.tokenizer.contextLength),
      decode: { model.tokenizer.text(of: $0) })
  }
}
