internal import Glibc
internal import JSONText

/// Gemma 2 and 3, for text: norms in front of attention and feed-forward and behind them, all with weights that are
/// distances from 1; a window in most layers; a scaled embedding. Gemma 2 bends scores and logits to a bound; Gemma 3 has
/// norms of each head's query and key, and rotates by other frequencies where there is a window.
enum GemmaFamily {
  static func gemma2(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    var decoder = try decoder(file, vocabulary: 256_000, contextLength: 8192)
    decoder.scales.attentionCap = try cap(file, "attn_logit_softcapping", default: 50)
    decoder.scales.logitCap = try cap(file, "final_logit_softcapping", default: 30)
    let isWindowed = try GatedDecoder.windowedLayers(file) ?? { $0.isMultiple(of: 2) }
    let window = try file.window("sliding_window", default: 4096)
    decoder.window = { isWindowed($0) ? window : nil }
    decoder.rotary = [try decoder.rotaryConfiguration()]
    return try decoder.resolved()
  }

  static func gemma3(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    var decoder = try decoder(file, vocabulary: 262_208, contextLength: 131_072)
    // Its published code takes `attn_logit_softcapping` and makes no use of it.
    decoder.scales.logitCap = try cap(file, "final_logit_softcapping", default: nil)
    let pattern = try file.size("sliding_window_pattern", default: 6)
    let isWindowed = try GatedDecoder.windowedLayers(file) ?? { !($0 + 1).isMultiple(of: pattern) }
    let window = try file.window("sliding_window", default: 4096)
    decoder.window = { isWindowed($0) ? window : nil }
    decoder.rotation = { isWindowed($0) ? 1 : 0 }
    decoder.rotary = [try rotary(decoder, isWindowed: false), try rotary(decoder, isWindowed: true)]
    decoder.rename = { [rename = decoder.rename] in
      rename(&$0)
      $0.queryNorm = "self_attn.q_norm"
      $0.keyNorm = "self_attn.k_norm"
    }
    return try decoder.resolved()
  }

  private static func decoder(
    _ file: ConfigurationReader, vocabulary: Int, contextLength: Int
  ) throws(EngineError) -> GatedDecoder {
    var decoder = try GatedDecoder(
      file,
      .init(
        vocabulary: vocabulary, hidden: 2304, intermediate: 9216, layers: 26, heads: 8, isTied: true,
        headDimension: 256),
      contextLength: try file.contextLength("max_position_embeddings", default: contextLength),
      activationKey: "hidden_activation", activation: "gelu_pytorch_tanh")
    guard decoder.hiddenSize.isMultiple(of: decoder.queryHeads) else {
      throw .malformedConfiguration(
        file: file.file,
        reason: "`hidden_size` \(decoder.hiddenSize) is no multiple of `num_attention_heads` \(decoder.queryHeads)")
    }
    if try file.flag("use_bidirectional_attention", default: false, null: false) {
      throw .unsupportedOption(key: "use_bidirectional_attention", value: "true", supported: ["false"])
    }
    decoder.keyValueHeads = try file.size("num_key_value_heads", default: 4)
    decoder.biases = try .init(file, readsFeedForward: false)
    decoder.attentionScale = Float(pow(try file.positiveNumber("query_pre_attn_scalar", default: 256), -0.5))
    decoder.scales.embedding = Float(decoder.hiddenSize).squareRoot()
    decoder.normOffset = 1
    decoder.rename = {
      $0.attentionOutputNorm = "post_attention_layernorm"
      $0.feedForwardNorm = "pre_feedforward_layernorm"
      $0.feedForwardOutputNorm = "post_feedforward_layernorm"
    }
    return decoder
  }

  /// A bound that numbers are bent to; `nil` where null says that there is none.
  private static func cap(
    _ file: ConfigurationReader, _ key: String, default standard: Double?
  ) throws(EngineError) -> Float? {
    if file.isNull(key) { return nil }
    guard let standard else { return file.isAbsent(key) ? nil : Float(try file.positiveNumber(key, default: 0)) }
    return Float(try file.positiveNumber(key, default: standard))
  }

  /// The rotary part for layers with or without a window: of `rope_parameters`, which have a section for each of both, or
  /// as older files have it.
  private static func rotary(
    _ decoder: GatedDecoder, isWindowed: Bool
  ) throws(EngineError) -> RotaryConfiguration {
    let file = decoder.file
    let sections = try file.object("rope_parameters")
    var section = try sections?.object(isWindowed ? "sliding_attention" : "full_attention")?.values ?? [:]
    if !isWindowed, let scaling = try file.object("rope_scaling") { section.merge(scaling.values) { $1 } }
    var values = file.values
    values["rope_parameters"] = .object(section)
    values["rope_scaling"] = nil
    if isWindowed { values["rope_theta"] = file.values["rope_local_base_freq"] }
    return try RotaryConfiguration(
      ConfigurationReader(file: file.file, values: values), contextLength: decoder.contextLength,
      headDimension: decoder.headDimension, defaults: .init(base: isWindowed ? 10_000 : 1_000_000))
  }
}
