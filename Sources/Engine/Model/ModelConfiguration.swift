import CKernels
import JSONText
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

  /// The decoder that this describes.
  package let decoder: DecoderDescription

  /// What a family makes of its configuration.
  struct Resolved {
    let description: DecoderDescription
    let vocabularySize: Int
    let contextLength: Int
  }

  private typealias Family = @Sendable (ConfigurationReader) throws(EngineError) -> Resolved

  private static let families: [(name: String, modelType: String, resolve: Family)] = [
    ("LlamaForCausalLM", "llama", LlamaFamily.llama),
    ("MistralForCausalLM", "mistral", LlamaFamily.mistral),
    ("Qwen2ForCausalLM", "qwen2", LlamaFamily.qwen2),
    ("FalconForCausalLM", "falcon", FalconFamily.falcon),
    ("MptForCausalLM", "mpt", MPTFamily.mpt),
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
    let family = try Self.family(of: file)
    try Self.refuseQuantized(file)
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

  /// The family that `architectures` names. Where it names none, or spells one otherwise (`MPTForCausalLM`), `model_type`
  /// decides, as it always does in `transformers`.
  private static func family(
    of file: ConfigurationReader
  ) throws(EngineError) -> (name: String, modelType: String, resolve: Family) {
    let names = try file.strings("architectures")
    if let family = families.first(where: { names.contains($0.name) }) { return family }
    let type = try file.string("model_type")
    if let type, let family = families.first(where: { $0.modelType == type }),
      names.isEmpty || names.contains(where: { $0.lowercased().hasPrefix(type) })
    {
      return family
    }
    throw .unsupportedArchitecture(
      names: names.isEmpty ? type.map { [$0] } ?? [] : names, supported: supportedArchitectures)
  }

  /// Refuses a checkpoint that says of itself that its numbers are no plain ones.
  private static func refuseQuantized(_ file: ConfigurationReader) throws(EngineError) {
    for key in ["quantization_config", "compression_config", "quantization"] {
      guard let section = try file.object(key) else { continue }
      let method = try section.string("quant_method")
      // bitsandbytes with neither of its two formats leaves the weights as they are.
      if method == "bitsandbytes", try !section.flag("load_in_4bit", default: false, null: false),
        try !section.flag("load_in_8bit", default: false, null: false)
      {
        continue
      }
      let bits = section.value("bits").map { "\($0.text) bits" }
      throw .quantizedCheckpoint(method: method ?? bits ?? key)
    }
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
