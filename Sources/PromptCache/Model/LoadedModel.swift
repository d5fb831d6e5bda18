public import ContentHash
public import Engine
public import PMLCompiler
public import Store
internal import Tokenizers

/// A model with what is needed before any weights are read: configuration, tokenizer and chat template.
public struct LoadedModel: Sendable {
  /// Its files.
  public let files: any ModelFiles
  /// What `config.json` says, resolved.
  public let configuration: ModelConfiguration
  /// Its tokenizer, as the compiler asks for it.
  public let tokenizer: ModelTokenizer
  /// What stands around the roles' text.
  public let template: ChatTemplate

  /// Reads the model in `folder`, or the one that ships with the program.
  ///
  /// - Parameter template: a template's name or the path of a JSON file; without it, the model's own decides.
  /// - Throws: `PromptCacheError` for a folder that is not a supported model, or an unknown template.
  public init(at folder: String?, template: String? = nil) throws(PromptCacheError) {
    do throws(EngineError) {
      if let folder { files = try ModelFolder(at: folder) } else { files = BundledModel() }
      configuration = try ModelConfiguration(files: files)
    } catch {
      throw .engine(error)
    }
    tokenizer = try ModelTokenizer(files: files, contextLength: configuration.contextLength)
    self.template = try .find(named: template, files: files, tokenizer: tokenizer)
  }

  /// Tokens that end an answer: those of `generation_config.json`, else of `config.json`, else the tokenizer's.
  public var endTokens: Set<Int32> {
    if let tokens = configuration.eosTokenIDs { return Set(tokens) }
    return Set(tokenizer.tokenizer.endOfSequence.map { [$0] } ?? [])
  }

  /// SHA-256 over what decides the model's states, remembered in `store` by each file's path, size, time and inode.
  ///
  /// - Parameter progress: told the bytes read and their number.
  public func fingerprint(
    rememberedIn store: StateStore?, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(PromptCacheError) -> SHA256Digest {
    let memory = try FingerprintMemory(store)
    let fingerprint = try withEngineErrors { () throws(EngineError) in
      try ModelFingerprint.compute(
        files: files, lookup: memory.digest(of:), store: memory.remember, progress: progress)
    }
    memory.save()
    return fingerprint
  }

  /// Loads the weights.
  public func engine(threads: Int? = nil) throws(PromptCacheError) -> InferenceEngine {
    try withEngineErrors { () throws(EngineError) in try InferenceEngine(files: files, threads: threads) }
  }
}
