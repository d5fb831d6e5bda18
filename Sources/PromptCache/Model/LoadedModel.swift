package import ContentHash
public import Engine
public import FileSystem
internal import KVCacheFormat
public import PMLCompiler
package import Store
internal import Tokenizers

/// A model with what is needed before any weights are read: configuration, tokenizer and chat template.
public struct LoadedModel: Sendable {
  /// Its files.
  public let files: any ModelFiles
  /// What `config.json` says, resolved.
  public let configuration: ModelConfiguration
  /// Its tokenizer, as the compiler asks for it.
  public private(set) var tokenizer: ModelTokenizer
  /// What stands around the roles' text, and how it was found.
  public let foundTemplate: FoundTemplate
  /// Writes conversations by the model's chat template.
  public let conversations: ConversationTemplate
  /// What stands around the roles' text.
  public var template: ChatTemplate { foundTemplate.template }
  /// What its weights are multiplied in. The states depend on it, and so does the fingerprint.
  public let weights: WeightFormat

  /// Reads the model in `folder`, or the one that ships with the program.
  ///
  /// - Parameters:
  ///   - folder: a folder or GGUF file; the model that ships if `nil`, or if it is `bundledName` and there is no such file.
  ///   - template: a template's name, or the path of a file: a Jinja program (`.jinja`), else a JSON object of the parts.
  ///     Without it, the model's own decides.
  ///   - weights: what weights are multiplied in.
  /// - Throws: `PromptCacheError` for a folder that is not a supported model, or an unknown template.
  public init(
    at folder: FilePath?, template: String? = nil, weights: WeightFormat = .stored
  ) throws(PromptCacheError) {
    let files = try withEngineErrors { () throws(EngineError) in try Self.source(at: folder) }
    try self.init(files: files, template: template, weights: weights)
  }

  /// Reads the model in `files`.
  ///
  /// - Parameters:
  ///   - files: the files.
  ///   - template: as for a folder.
  ///   - weights: what weights are multiplied in.
  /// - Throws: `PromptCacheError` for what is no supported model, or an unknown template.
  public init(
    files: any ModelFiles, template: String? = nil, weights: WeightFormat = .stored
  ) throws(PromptCacheError) {
    self.weights = weights
    self.files = files
    configuration = try withEngineErrors { () throws(EngineError) in try ModelConfiguration(files: files) }
    tokenizer = try ModelTokenizer(files: files, configuration: configuration)
    let found = try ModelTemplate.find(named: template, files: files, tokenizer: tokenizer)
    foundTemplate = found.found
    conversations = found.conversations
  }

  /// The same model with as many positions as a layout can have, to lay out what it has no room for.
  public var withoutContextLimit: LoadedModel {
    var model = self
    model.tokenizer = tokenizer.contextLength(SchemaLayout.longest)
    return model
  }

  /// The name of the model that ships with the program.
  public static let bundledName = "demo"

  /// What people call it: the folder's name, or the file's without `.gguf`; `bundledName` for the one that ships.
  public var name: String {
    guard !(files is BundledModel) else { return Self.bundledName }
    let name = FilePath(files.location).resolved.lastComponent.description
    let suffix = ".gguf"
    return name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
  }

  /// Whether a path is the bundled model's name, and nothing else has it.
  private static func isBundled(_ path: FilePath) -> Bool {
    path == FilePath(bundledName) && (try? FileStatus(of: path)) == nil
  }

  private static func source(at path: FilePath?) throws(EngineError) -> any ModelFiles {
    guard let path, !isBundled(path) else { return BundledModel() }
    return GGUFModel.isOne(at: path) ? try GGUFModel(at: path) : try ModelFolder(at: path)
  }

  /// Tokens that end an answer: those of `generation_config.json`, else of `config.json`, else the tokenizer's; and the
  /// special one that ends a turn in the chat template, if one does.
  public var endTokens: Set<Int32> {
    let tokenizer = tokenizer.tokenizer
    var tokens = Set(configuration.eosTokenIDs ?? tokenizer.endOfSequence.map { [$0] } ?? [])
    if let end = tokenizer.encodeTemplate(template.assistant.suffix).first, tokenizer.isSpecial(end) {
      tokens.insert(end)
    }
    return tokens
  }

  /// The KV formats with the bytes that states take in them, over all layers.
  public var stateFormats: [StateFormat] {
    let layers = configuration.kvLayers
    return KVElement.allCases.map { element in
      StateFormat(name: element.rawValue) { tokens in
        KVSegmentLayout(layers, element: element, tokens: tokens).byteCount
      }
    }
  }

  /// SHA-256 over what decides the model's states. Digests of files are remembered in `store` by what identifies a file
  /// that has not changed.
  ///
  /// - Parameter store: remembers the digests.
  /// - Parameter progress: told the bytes read and their number.
  package func fingerprint(
    rememberedIn store: StateStore?, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(PromptCacheError) -> SHA256Digest {
    let memory = try FingerprintMemory(store)
    let fingerprint = try withEngineErrors { () throws(EngineError) in
      try ModelFingerprint.compute(
        files: files, lookup: memory.digest(of:), store: memory.remember, progress: progress)
    }
    memory.save()
    return weights.fingerprint(of: fingerprint)
  }

  /// Checks that the weights are all there and of the right shapes, without reading them.
  package func checkWeights() throws(PromptCacheError) {
    try withEngineErrors { () throws(EngineError) in try InferenceEngine.check(files) }
  }

  /// Loads the weights.
  ///
  /// - Parameters:
  ///   - threads: how many compute; all cores that the process may use if `nil`.
  ///   - shared: threads of several engines to compute on instead.
  ///   - repacked: where weights in another form than the stored one are kept; if `nil`, those of eight bits are made anew in
  ///     memory, and others stay as they lie.
  ///   - progress: told how many matrices are done, and their number, while such weights are made.
  /// - Throws: `PromptCacheError.engine`.
  package func engine(
    threads: Int? = nil, on shared: ComputeThreads? = nil, repacked: RepackedWeights? = nil,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(PromptCacheError) -> InferenceEngine {
    try withEngineErrors { () throws(EngineError) in
      try InferenceEngine(
        files: files, threads: threads, on: shared, weights: weights, repacked: repacked, progress: progress)
    }
  }

  /// Whether weights are made into another form, if there is a place for them.
  package var repacksWeights: Bool { InferenceEngine.repacks(files, weights: weights) }

  /// Where weights in another form than the stored one are kept beside a store, once they are made.
  ///
  /// - Parameters:
  ///   - store: the store.
  ///   - fingerprint: this model's.
  /// - Returns: `nil` where the store, open for reading, has no place for them.
  func repackedWeights(
    besides store: StateStore, fingerprint: SHA256Digest
  ) throws(PromptCacheError) -> RepackedWeights? {
    let path = try withStoreErrors { () throws(StoreError) -> FilePath? in
      guard let folder = try store.derivedFolder() else { return nil }
      return folder.path
    }
    return path.map { RepackedWeights(folder: $0, model: fingerprint, source: files) }
  }

  /// Makes sure that the model's files are those that were read, before anything computed from them is kept.
  ///
  /// - Throws: `PromptCacheError.engine` for one that changed.
  func checkUnchanged() throws(PromptCacheError) {
    try withEngineErrors { () throws(EngineError) in try files.checkUnchanged() }
  }
}
