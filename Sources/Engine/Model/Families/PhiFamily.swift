/// Phi-3 and Phi-4-mini: fused products, of queries, keys and values and of the feed-forward's gate and up; a part of each
/// head that is not rotated; a window in some; LongRoPE in those with a long context.
enum PhiFamily {
  static func phi3(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    var decoder = try GatedDecoder(
      file, .init(vocabulary: 32_064, hidden: 3072, intermediate: 8192, epsilon: 1e-5),
      contextLength: try file.contextLength("max_position_embeddings", default: 4096))
    decoder.keyValueHeads = try file.size("num_key_value_heads")
    let window = try file.isAbsent("sliding_window") ? nil : file.window("sliding_window", default: 0)
    decoder.window = { _ in window }
    decoder.rotary = [
      try decoder.rotaryConfiguration(
        .init(
          originalContext: 4096, allowsPartial: true, synonyms: ["su": "longrope", "yarn": "longrope"],
          types: ["default", "longrope"]))
    ]
    decoder.rename = {
      $0.projection = .fused("self_attn.qkv_proj")
      $0.feedForward = .fused("mlp.gate_up_proj")
    }
    return try decoder.resolved()
  }
}
