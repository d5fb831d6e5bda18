public import ContentHash
public import PMLCompiler
internal import Store

/// A schema laid out for one model: positions, and the encodings to keep.
public struct PlannedSchema: Sendable {
  /// The lowered schema, the chat template that it was lowered with, and its layout.
  public let compiled: CompiledSchema
  /// Each segment in each of its contexts.
  public let plan: EncodingPlan

  /// The lowered schema.
  public var schema: Schema { compiled.schema }
  /// Its name, by which prompts ask for it.
  public var name: String { compiled.schema.name }
  /// SHA-256 of the lowered schema.
  public var hash: SHA256Digest { compiled.schema.contentHash }

  init(_ schema: Schema, template: ChatTemplate, plan: EncodingPlan) {
    compiled = CompiledSchema(schema: schema, template: template, layout: plan.layout)
    self.plan = plan
  }

  /// Reads a lowered schema.
  ///
  /// - Throws: `IRError` if it is something else, or was compiled for another tokenizer.
  init(lowered bytes: [UInt8], for model: LoadedModel) throws(IRError) {
    let compiled = try CompiledSchema(decoding: bytes)
    try compiled.check(model.tokenizer)
    let plan = EncodingPlan(of: compiled.layout)
    guard plan.problems(within: model.tokenizer.contextLimits, sources: nil).isEmpty else { throw .otherTokenizer }
    self.init(compiled.schema, template: compiled.template, plan: plan)
  }

  /// Reads the lowered schema of a version in a store.
  ///
  /// - Throws: `PromptCacheError.unreadableVersion` if it was written by another program version or for another tokenizer.
  init(of version: VersionRecord, model: LoadedModel) throws(PromptCacheError) {
    do throws(IRError) {
      try self.init(lowered: version.lowered, for: model)
    } catch {
      throw .unreadableVersion(schema: version.schema, version: version.number, problem: error.message)
    }
  }

  /// Digests of all encodings to keep, each once, and what a person would call them: module, position, scaffold.
  var storedEncodings: [(digest: SHA256Digest, label: String)] {
    var seen: Set<SHA256Digest> = []
    return plan.encodings.compactMap { encoding in
      guard encoding.isStored, seen.insert(encoding.digest).inserted else { return nil }
      let module = plan.layout.modules[plan.layout.module(of: encoding.item)]
      let place = module.path == .root ? "schema text" : "module `\(module.path)`"
      let scaffold = encoding.scaffold.map { ", scaffold \($0 + 1)" } ?? ""
      return (encoding.digest, "\(place) at position \(plan.layout.positions(of: encoding.item).lowerBound)\(scaffold)")
    }
  }
}
