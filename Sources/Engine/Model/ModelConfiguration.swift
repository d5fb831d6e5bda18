import CKernels
public import KVCacheFormat

/// What a model's `config.json` says, resolved once: nothing is optional that computing needs.
public struct ModelConfiguration: Sendable {
  /// Name of the architecture, such as `LlamaForCausalLM`.
  public let architecture: String
  /// Number of tokens in the vocabulary.
  public let vocabularySize: Int
  /// Number of positions that the model can tell apart.
  public let contextLength: Int
  /// Tokens that end an answer: of `generation_config.json`, else of `config.json`; `nil` where neither names any.
  public let eosTokenIDs: [Int32]?
  /// Shape of the model's states.
  public let kvShape: KVShape

  let decoder: DecoderDescription

  /// What a family makes of its configuration.
  struct Resolved {
    let description: DecoderDescription
    let vocabularySize: Int
    let contextLength: Int
  }

  private typealias Family = @Sendable (ConfigurationReader) throws(EngineError) -> Resolved

  private static let families: [(name: String, resolve: Family)] = [
    ("LlamaForCausalLM", LlamaFamily.llama),
    ("MistralForCausalLM", LlamaFamily.mistral),
    ("Qwen2ForCausalLM", LlamaFamily.qwen2),
    ("FalconForCausalLM", FalconFamily.falcon),
    ("MptForCausalLM", MPTFamily.mpt),
  ]

  /// Names of the architectures that this engine computes.
  public static var supportedArchitectures: [String] { families.map(\.name) }

  /// Reads `config.json`, and `generation_config.json` if there is one.
  ///
  /// - Throws: `EngineError.missingFile`, `.malformedConfiguration`; `.unsupportedArchitecture` and
  ///   `.unsupportedOption`, which name what is supported.
  public init(files: some ModelFiles) throws(EngineError) {
    let name = "config.json"
    let file = try ConfigurationReader(parsing: try files.requiredFile(name), name: name)
    let names = try file.strings("architectures")
    guard let family = Self.families.first(where: { names.contains($0.name) }) else {
      throw .unsupportedArchitecture(names: names, supported: Self.supportedArchitectures)
    }
    let resolved = try family.resolve(file)
    try resolved.description.check(file: name)
    architecture = family.name
    vocabularySize = resolved.vocabularySize
    contextLength = resolved.contextLength
    decoder = resolved.description
    kvShape = KVShape(
      layers: decoder.layers, heads: decoder.keyValueHeads, headDimension: decoder.headDimension)
    let generationEOS = try Self.generationEOS(files)
    let configuredEOS = try file.tokenIDs("eos_token_id")
    eosTokenIDs = generationEOS ?? configuredEOS
  }

  private static func generationEOS(_ files: some ModelFiles) throws(EngineError) -> [Int32]? {
    let name = "generation_config.json"
    guard let file = try files.file(name) else { return nil }
    return try ConfigurationReader(parsing: file, name: name).tokenIDs("eos_token_id")
  }
}

extension DecoderDescription {
  /// Checks what the arithmetic relies on, whatever the family.
  fileprivate func check(file: String) throws(EngineError) {
    guard queryHeads.isMultiple(of: keyValueHeads) else {
      throw .malformedConfiguration(
        file: file, reason: "\(queryHeads) query heads cannot share \(keyValueHeads) key-value heads evenly")
    }
    guard headDimension.isMultiple(of: 2) else {
      throw .unsupportedOption(key: "head_dim", value: "\(headDimension)", supported: ["even numbers"])
    }
    let widest = ck_max_head_dimension
    guard headDimension <= widest else {
      throw .unsupportedOption(key: "head_dim", value: "\(headDimension)", supported: ["up to \(widest)"])
    }
  }
}
