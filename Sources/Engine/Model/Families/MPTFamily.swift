import JSONText

/// MPT: layer norms without bias, ALiBi, a plain feed-forward of four times the width.
enum MPTFamily {
  static func mpt(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    let hiddenSize = try file.size("d_model", or: "hidden_size", default: 2048)
    let heads = try file.size("n_heads", or: "num_attention_heads", default: 16)
    let layers = try file.size("n_layers", or: "num_hidden_layers", default: 24)
    guard hiddenSize.isMultiple(of: heads) else {
      throw .malformedConfiguration(
        file: file.file, reason: "`d_model` \(hiddenSize) is no multiple of `n_heads` \(heads)")
    }
    let headDimension = hiddenSize / heads
    let attention = try file.object("attn_config")
    try refuseVariants(file, attention: attention)
    let description = DecoderDescription(
      hiddenSize: hiddenSize, intermediateSize: try file.size("expansion_ratio", default: 4) * hiddenSize,
      layers: Array(repeating: .init(), count: layers), queryHeads: heads, keyValueHeads: heads,
      headDimension: headDimension,
      normalization: .layer(bias: false), epsilon: Float(try file.positiveNumber("layer_norm_epsilon", default: 1e-5)),
      positions: .linearBiases(
        slopes: LinearBiases.mptSlopes(
          heads: heads, greatest: Float(try attention?.positiveNumber("alibi_bias_max", default: 8) ?? 8))),
      attentionScale: try attention?.number("softmax_scale").map { Float($0) } ?? 1 / Float(headDimension).squareRoot(),
      projectionBound: try bound(attention),
      activation: .gelu, residual: .sequential,
      projectionLayout: .blocks, names: names(tied: try file.flag("tie_word_embeddings", default: true)))
    return ModelConfiguration.Resolved(
      description: description, vocabularySize: try file.size("vocab_size", default: 50_368),
      contextLength: try file.contextLength("max_seq_len", default: 2048), originalContext: nil)
  }

  /// What queries, keys and values are clipped to; null, 0 and infinity all mean no bound.
  private static func bound(_ attention: ConfigurationReader?) throws(EngineError) -> Float? {
    let key = "clip_qkv"
    guard let attention, let value = attention.value(key) else { return nil }
    if value.double == 0 || value.double == .infinity { return nil }
    return Float(try attention.positiveNumber(key, default: 0))
  }

  /// Variants that the original code knows and `transformers` passes over in silence.
  private static func refuseVariants(
    _ file: ConfigurationReader, attention: ConfigurationReader?
  ) throws(EngineError) {
    if let kind = try attention?.string("attn_type"), kind != "multihead_attention" {
      throw .unsupportedOption(key: "attn_type", value: kind, supported: ["multihead_attention"])
    }
    for (key, only) in [("alibi", true), ("qk_ln", false), ("prefix_lm", false)] {
      guard try attention?.flag(key, default: only) ?? only == only else {
        throw .unsupportedOption(key: key, value: "\(!only)", supported: ["\(only)"])
      }
    }
    guard try file.flag("no_bias", default: true) else {
      throw .unsupportedOption(key: "no_bias", value: "false", supported: ["true"])
    }
    if let scale = file.value("logit_scale") {
      throw .unsupportedOption(key: "logit_scale", value: scale.text, supported: ["null"])
    }
  }

  private static func names(tied: Bool) -> TensorNames {
    TensorNames(
      embedding: "transformer.wte", finalNorm: "transformer.norm_f", output: tied ? nil : "lm_head",
      layerPrefix: "transformer.blocks.", attentionNorm: "norm_1", feedForwardNorm: "norm_2",
      projection: .fused("attn.Wqkv"), projectionBias: false, attentionOutput: "attn.out_proj",
      attentionOutputBias: false, feedForward: .plain(up: "ffn.up_proj"), down: "ffn.down_proj", feedForwardBias: false)
  }
}
