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
  /// Number of positions that LongRoPE's short factors serve; `nil` for models without such a scaling. Texts that go beyond
  /// it are computed with the long ones from their first token on.
  public let originalContextLength: Int?
  /// Tokens that end an answer: of `generation_config.json`, else of `config.json`; `nil` where neither names any.
  public let eosTokenIDs: [Int32]?
  /// Shape of the model's states, and how far each layer sees.
  public let kvLayers: KVLayers
  /// Shape of the model's states.
  public var kvShape: KVShape { kvLayers.shape }

  /// The decoder that this describes.
  package let decoder: DecoderDescription

  /// What a family makes of its configuration.
  struct Resolved {
    let description: DecoderDescription
    let vocabularySize: Int
    let contextLength: Int
    let originalContext: Int?
  }

  private struct Family {
    let name: String
    let modelType: String
    let resolve: @Sendable (ConfigurationReader) throws(EngineError) -> Resolved

    init(
      _ name: String, _ modelType: String,
      _ resolve: @escaping @Sendable (ConfigurationReader) throws(EngineError) -> Resolved
    ) {
      self.name = name
      self.modelType = modelType
      self.resolve = resolve
    }
  }

  private static let families: [Family] = [
    Family("LlamaForCausalLM", "llama", LlamaFamily.llama),
    Family("MistralForCausalLM", "mistral", LlamaFamily.mistral),
    Family("Qwen2ForCausalLM", "qwen2", QwenFamily.qwen2),
    Family("Qwen3ForCausalLM", "qwen3", QwenFamily.qwen3),
    Family("SmolLM3ForCausalLM", "smollm3", SmolLM3Family.smolLM3),
    Family("GraniteForCausalLM", "granite", GraniteFamily.granite),
    Family("Phi3ForCausalLM", "phi3", PhiFamily.phi3),
    Family("Gemma2ForCausalLM", "gemma2", GemmaFamily.gemma2),
    Family("Gemma3ForCausalLM", "gemma3_text", GemmaFamily.gemma3),
    Family("FalconForCausalLM", "falcon", FalconFamily.falcon),
    Family("MptForCausalLM", "mpt", MPTFamily.mpt),
  ]

  /// Names of the architectures that this engine computes.
  public static var supportedArchitectures: [String] { families.map(\.name) }

  /// Reads `config.json`, and `generation_config.json` if there is one.
  ///
  /// - Throws: `EngineError.missingFile`, `.malformedConfiguration`; `.unsupportedArchitecture` and
  ///   `.unsupportedOption`, which name what is supported.
  public init(files: some ModelFiles) throws(EngineError) {
    let (file, family) = try Self.reader(of: files)
    let resolved = try family.resolve(file)
    try resolved.description.check(file: file.file)
    architecture = family.name
    vocabularySize = resolved.vocabularySize
    contextLength = resolved.contextLength
    originalContextLength = resolved.originalContext
    decoder = resolved.description
    let shape = KVShape(
      layers: decoder.layers.count, heads: decoder.keyValueHeads, headDimension: decoder.headDimension)
    kvLayers = KVLayers(shape: shape, windows: decoder.layers.map(\.window))
    let generationEOS = try Self.generationEOS(files)
    let configuredEOS = try file.tokenIDs("eos_token_id")
    eosTokenIDs = generationEOS ?? configuredEOS
  }

  /// What the files say about the model, and the family that they name.
  private static func reader(of files: some ModelFiles) throws(EngineError) -> (ConfigurationReader, Family) {
    if let gguf = files.gguf {
      let architecture = try gguf.architecture()
      guard let family = families.first(where: { $0.name == architecture.family }) else {
        throw .refusal(of: [architecture.name], supported: GGUFArchitecture.all.map(\.name))
      }
      return (try gguf.configuration(architecture), family)
    }
    let name = "config.json"
    let file = try ConfigurationReader(parsing: try files.requiredFile(name), name: name)
    let family = try family(of: file)
    try refuseQuantized(file)
    return (file, family)
  }

  /// The family that `architectures` names. Where it names none, or spells one otherwise (`MPTForCausalLM`), `model_type`
  /// decides, as it always does in `transformers`.
  private static func family(
    of file: ConfigurationReader
  ) throws(EngineError) -> Family {
    let names = try file.strings("architectures")
    if let family = families.first(where: { names.contains($0.name) }) { return family }
    let type = try file.string("model_type")
    if let type, let family = families.first(where: { $0.modelType == type }),
      names.isEmpty || names.contains(where: { $0.lowercased().hasPrefix(type) })
    {
      return family
    }
    throw .refusal(
      of: names.isEmpty ? type.map { [$0] } ?? [] : names,
      layerTypes: (try? file.strings("layer_types")) ?? [], supported: supportedArchitectures)
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
