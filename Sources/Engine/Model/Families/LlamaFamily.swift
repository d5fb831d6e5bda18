/// Llama and its relatives: root-mean-square norms, rotary positions, grouped queries, a gated feed-forward.
///
/// Mistral adds a sliding window, Qwen2 biases on queries, keys and values and a window in its upper layers.
enum LlamaFamily {
  static func llama(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    let contextLength = try file.contextLength("max_position_embeddings", default: 2048)
    let bias = try file.flag("attention_bias", default: false)
    return try resolve(
      file, contextLength: contextLength, keyValueHeads: try file.size("num_key_value_heads"),
      biases: Biases(
        projection: bias, output: bias, feedForward: try file.flag("mlp_bias", default: false)),
      window: { _ in nil })
  }

  static func mistral(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    let contextLength = try file.contextLength("max_position_embeddings", default: 131_072)
    let window = file.isNull("sliding_window") ? nil : try file.size("sliding_window", default: 4096)
    let heads = file.isNull("num_key_value_heads") ? nil : try file.size("num_key_value_heads", default: 8)
    return try resolve(
      file, contextLength: contextLength, keyValueHeads: heads,
      biases: Biases(projection: false, output: false, feedForward: false), window: { _ in window })
  }

  static func qwen2(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    let contextLength = try file.contextLength("max_position_embeddings", default: 32_768)
    let heads = file.isNull("num_key_value_heads") ? nil : try file.size("num_key_value_heads", default: 32)
    return try resolve(
      file, contextLength: contextLength, keyValueHeads: heads,
      biases: Biases(projection: true, output: false, feedForward: false), window: try qwen2Window(file))
  }

  /// Which layers of a Qwen2 model see a window only: those that `layer_types` names, else those from
  /// `max_window_layers` on.
  private static func qwen2Window(_ file: ConfigurationReader) throws(EngineError) -> (Int) -> Int? {
    guard try file.flag("use_sliding_window", default: false) else { return { _ in nil } }
    let window = file.isNull("sliding_window") ? nil : try file.size("sliding_window", default: 4096)
    let kinds = try file.strings("layer_types")
    let supported = ["full_attention", "sliding_attention"]
    for kind in kinds where !supported.contains(kind) {
      throw .unsupportedOption(key: "layer_types", value: kind, supported: supported)
    }
    if kinds.isEmpty {
      let first = try file.size("max_window_layers", default: 28)
      return { $0 >= first ? window : nil }
    }
    return { kinds.indices.contains($0) && kinds[$0] == "sliding_attention" ? window : nil }
  }

  private struct Biases {
    let projection: Bool
    let output: Bool
    let feedForward: Bool
  }

  private static func resolve(
    _ file: ConfigurationReader, contextLength: Int, keyValueHeads: Int?, biases: Biases, window: (Int) -> Int?
  ) throws(EngineError) -> ModelConfiguration.Resolved {
    let hiddenSize = try file.requiredSize("hidden_size")
    let queryHeads = try file.requiredSize("num_attention_heads")
    let layers = try file.requiredSize("num_hidden_layers")
    let headDimension = try file.size("head_dim", default: max(hiddenSize / queryHeads, 1))
    let rotary = try RotaryConfiguration(file, contextLength: contextLength)
    let description = DecoderDescription(
      hiddenSize: hiddenSize, intermediateSize: try file.requiredSize("intermediate_size"), layers: layers,
      queryHeads: queryHeads, keyValueHeads: keyValueHeads ?? queryHeads, headDimension: headDimension,
      normalization: .rootMeanSquare, epsilon: Float(try file.number("rms_norm_eps") ?? 1e-6),
      positions: .rotary(
        RotaryFrequencies(scaling: rotary.scaling, base: rotary.base, headDimension: headDimension)),
      attentionScale: 1 / Float(headDimension).squareRoot(), projectionBound: nil,
      windows: (0..<layers).map(window),
      activation: try Activation(named: try file.string("hidden_act") ?? "silu", key: "hidden_act"),
      residual: .sequential, projectionLayout: .blocks,
      names: names(tied: try file.flag("tie_word_embeddings", default: false), biases: biases))
    return ModelConfiguration.Resolved(
      description: description, vocabularySize: try file.requiredSize("vocab_size"), contextLength: contextLength)
  }

  private static func names(tied: Bool, biases: Biases) -> TensorNames {
    TensorNames(
      embedding: "model.embed_tokens", finalNorm: "model.norm", output: tied ? nil : "lm_head",
      layerPrefix: "model.layers.", attentionNorm: "input_layernorm", feedForwardNorm: "post_attention_layernorm",
      projection: .separate(query: "self_attn.q_proj", key: "self_attn.k_proj", value: "self_attn.v_proj"),
      projectionBias: biases.projection, attentionOutput: "self_attn.o_proj", attentionOutputBias: biases.output,
      gate: "mlp.gate_proj", up: "mlp.up_proj", down: "mlp.down_proj", feedForwardBias: biases.feedForward)
  }
}
