import ArgumentParser
import CommandSupport
import PromptCache

/// What prompts are answered with: their schema, the model, the store.
struct PromptOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The schema of the prompt. Without it, its newest version in the store.", valueName: "file"))
  var schema: FilePath?

  @Option(help: "The KV format: f32, f16 or q8. Without it, that of the newest version, else f16.")
  var kv: KVElement?

  @Option(
    help: ArgumentHelp(
      """
      Joint encodings, in which each part of a prompt has seen all in front of it: make computes and keeps those that are \
      missing, use takes those that are there, off takes none. Without it: use.
      """))
  var joint: JointUse?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Compute this share of the cached tokens again that have not seen all in front of them, those that the prompt's own \
      text attends to most: 0 to 1, which answers as without the cache. Without it: 0, and \(CacheSession.libraryRepair) for \
      prompts with modules of a library.
      """, valueName: "r"))
  var repair: Double?

  @OptionGroup var model: ModelOptions
  @OptionGroup var weights: WeightOptions
  @OptionGroup var store: NamespaceInStore
  @OptionGroup var limit: StoreLimit
  @OptionGroup var remote: RemoteOption
  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if let repair, !(repair >= 0 && repair <= 1) { throw ValidationError("--repair takes 0 to 1") }
  }

  /// Reads the model's configuration, tokenizer and chat template.
  func loadModel() throws(PromptCacheError) -> LoadedModel { try model.load(weights: weights.weights) }

  /// A session with the store. With a remote store, the local one is a cache that is written to.
  func session(_ model: LoadedModel, access: StoreAccess) throws -> CacheSession {
    let remote = try remote.store()
    return try store.session(
      model, access: remote == nil ? access : .writing, limit: limit, remote: remote, threads: compute.threads)
  }
}
