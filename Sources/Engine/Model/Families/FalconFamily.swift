/// Falcon in its forms: the first one (`multi_query`, parallel residual), the new decoder (grouped queries, two
/// norms), and RefinedWeb (a head of keys and values each, sequential residual, ALiBi).
enum FalconFamily {
  /// Whether the fused product gives all queries, then all keys, then all values: GGUF files have it so. No checkpoint says
  /// it.
  static let fusedInBlocksKey = "fused in blocks in a GGUF file"

  static func falcon(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    let hiddenSize =
      file.value("n_embed") == nil
      ? try file.size("hidden_size", default: 4544) : try file.size("n_embed", default: 4544)
    let queryHeads = try file.size("num_attention_heads", default: 71)
    let layers = try file.size("num_hidden_layers", default: 32)
    let statedLength = try file.contextLength("max_position_embeddings", default: 2048)
    let usesBiases = try file.flag("alibi", default: false, null: false)
    guard hiddenSize.isMultiple(of: queryHeads) else {
      throw .malformedConfiguration(
        file: file.file,
        reason: "`hidden_size` \(hiddenSize) is no multiple of `num_attention_heads` \(queryHeads)")
    }
    let headDimension = hiddenSize / queryHeads
    let rotary =
      usesBiases
      ? nil : try RotaryConfiguration(file, contextLength: statedLength, headDimension: headDimension)
    let isNew = try file.flag("new_decoder_architecture", default: false, null: false)
    let isMultiQuery = try file.flag("multi_query", default: true, null: false)
    let isParallel = try file.flag("parallel_attn", default: true, null: false)
    if isNew && !isParallel {
      throw .unsupportedOption(key: "parallel_attn", value: "false", supported: ["true"])
    }
    let keyValueHeads =
      isNew ? try file.size("num_kv_heads", orNull: queryHeads) : isMultiQuery ? 1 : queryHeads
    let isFusedInBlocks = try file.flag(fusedInBlocksKey, default: false)
    let isInGroups = (isNew || !isMultiQuery) && !isFusedInBlocks
    let scale = 1 / Float(headDimension).squareRoot()
    let description = DecoderDescription(
      hiddenSize: hiddenSize, intermediateSize: try file.size("ffn_hidden_size", orNull: 4 * hiddenSize),
      layers: Array(repeating: .init(rotation: rotary == nil ? nil : 0), count: layers), queryHeads: queryHeads,
      keyValueHeads: keyValueHeads, headDimension: headDimension,
      normalization: .layer(bias: true), epsilon: Float(try file.positiveNumber("layer_norm_epsilon", default: 1e-5)),
      positions: rotary.map { .rotary([$0.frequencies]) }
        // The published code adds the bias before it scales the scores.
        ?? .linearBiases(slopes: LinearBiases.falconSlopes(heads: queryHeads).map { $0 * scale }),
      attentionScale: scale, projectionBound: nil,
      activation: try Activation(named: try file.string("activation") ?? "gelu", key: "activation"),
      residual: isParallel ? .parallel : .sequential,
      projectionLayout: isInGroups ? .groups : .blocks,
      names: try names(file, isNew: isNew, isParallel: isParallel))
    return ModelConfiguration.Resolved(
      description: description, vocabularySize: try file.size("vocab_size", default: 65_024),
      contextLength: rotary?.contextLength ?? statedLength, originalContext: rotary?.originalContext)
  }

  private static func names(
    _ file: ConfigurationReader, isNew: Bool, isParallel: Bool
  ) throws(EngineError) -> TensorNames {
    let bias = try file.flag("bias", default: false, null: false)
    let norms = try file.size("num_ln_in_parallel_attn", orNull: 2)
    let hasTwoNorms = isNew && norms == 2
    return TensorNames(
      embedding: "transformer.word_embeddings", finalNorm: "transformer.ln_f",
      output: try file.flag("tie_word_embeddings", default: true) ? nil : "lm_head", layerPrefix: "transformer.h.",
      attentionNorm: hasTwoNorms ? "ln_attn" : "input_layernorm",
      feedForwardNorm: hasTwoNorms ? "ln_mlp" : isParallel ? nil : "post_attention_layernorm",
      projection: .fused("self_attention.query_key_value"), projectionBias: bias,
      attentionOutput: "self_attention.dense", attentionOutputBias: bias, feedForward: .plain(up: "mlp.dense_h_to_4h"),
      down: "mlp.dense_4h_to_h", feedForwardBias: bias)
  }
}
