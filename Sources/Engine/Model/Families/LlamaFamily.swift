/// Llama and its relatives: root-mean-square norms, rotary positions, grouped queries, a gated feed-forward.
///
/// Mistral adds a sliding window, Qwen2 biases on queries, keys and values and a window in its upper layers.
enum LlamaFamily {
  static func llama(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    let contextLength = try file.contextLength("max_position_embeddings", default: 2048)
    let bias = try file.flag("attention_bias", default: false)
    return try resolve(
      file, Defaults(vocabulary: 32_000, intermediate: 11_008), contextLength: contextLength,
      keyValueHeads: try file.size("num_key_value_heads"),
      biases: Biases(
        projection: bias, output: bias, feedForward: try file.flag("mlp_bias", default: false)),
      window: { _ in nil })
  }

  static func mistral(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    let contextLength = try file.contextLength("max_position_embeddings", default: 131_072)
    let window = try file.window("sliding_window", default: 4096)
    let heads = file.isNull("num_key_value_heads") ? nil : try file.size("num_key_value_heads", default: 8)
    return try resolve(
      file, Defaults(vocabulary: 32_000, intermediate: 14_336), contextLength: contextLength, keyValueHeads: heads,
      biases: Biases(projection: false, output: false, feedForward: false), window: { _ in window })
  }

  static func qwen2(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    let contextLength = try file.contextLength("max_position_embeddings", default: 32_768)
    let heads = file.isNull("num_key_value_heads") ? nil : try file.size("num_key_value_heads", default: 32)
    return try resolve(
      file, Defaults(vocabulary: 151_936, intermediate: 22_016), contextLength: contextLength, keyValueHeads: heads,
      biases: Biases(projection: true, output: false, feedForward: false), window: try qwen2Window(file))
  }

  /// Which layers of a Qwen2 model see a window only: those that `layer_types` names, else those from
  /// `max_window_layers` on.
  private static func qwen2Window(_ file: ConfigurationReader) throws(EngineError) -> (Int) -> Int? {
    guard try file.flag("use_sliding_window", default: false) else { return { _ in nil } }
    guard let window = try file.window("sliding_window", default: 4096) else { return { _ in nil } }
    let kinds = try file.strings("layer_types")
    let supported = ["full_attention", "sliding_attention"]
    for kind in kinds where !supported.contains(kind) {
      throw .unsupportedOption(key: "layer_types", value: kind, supported: supported)
    }
    if kinds.isEmpty {
      let first = try file.count("max_window_layers", default: 28)
      return { $0 >= first ? window : nil }
    }
    return { kinds.indices.contains($0) && kinds[$0] == "sliding_attention" ? window : nil }
  }

  private struct Biases {
    let projection: Bool
    let output: Bool
    let feedForward: Bool
  }

  /// What the family takes for sizes that `config.json` does not give. (The others are alike in all of these families.)
  private struct Defaults {
    let vocabulary: Int
    let intermediate: Int
  }

  private static func resolve(
    _ file: ConfigurationReader, _ defaults: Defaults, contextLength: Int, keyValueHeads: Int?, biases: Biases,
    window: (Int) -> Int?
  ) throws(EngineError) -> ModelConfiguration.Resolved {
    let hiddenSize = try file.size("hidden_size", default: 4096)
    let queryHeads = try file.size("num_attention_heads", default: 32)
    let layers = try file.size("num_hidden_layers", default: 32)
    let headDimension = try file.size("head_dim", orNull: max(hiddenSize / queryHeads, 1))
    let rotary = try RotaryConfiguration(file, contextLength: contextLength)
    let description = DecoderDescription(
      hiddenSize: hiddenSize, intermediateSize: try file.size("intermediate_size", default: defaults.intermediate),
      layers: layers,
      queryHeads: queryHeads, keyValueHeads: keyValueHeads ?? queryHeads, headDimension: headDimension,
      normalization: .rootMeanSquare, epsilon: Float(try file.positiveNumber("rms_norm_eps", default: 1e-6)),
      positions: .rotary(rotary.frequencies(headDimension: headDimension)),
      attentionScale: 1 / Float(headDimension).squareRoot(), projectionBound: nil,
      windows: (0..<layers).map(window),
      activation: try Activation(named: try file.string("hidden_act") ?? "silu", key: "hidden_act"),
      residual: .sequential, projectionLayout: .blocks,
      names: names(tied: try file.flag("tie_word_embeddings", default: false), biases: biases))
    return ModelConfiguration.Resolved(
      description: description, vocabularySize: try file.size("vocab_size", default: defaults.vocabulary),
      contextLength: rotary.contextLength)
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
