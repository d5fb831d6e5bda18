/// Qwen2: biases on queries, keys and values, and a window in its upper layers. Qwen3 has no biases, as a rule, but norms of
/// each head's query and key.
enum QwenFamily {
  static func qwen2(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    var decoder = try decoder(file, headDimension: nil)
    decoder.biases = .init(projection: true)
    return try decoder.resolved()
  }

  static func qwen3(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    var decoder = try decoder(file, headDimension: 128)
    decoder.biases = try .init(file, readsFeedForward: false)
    decoder.rename = {
      $0.queryNorm = "self_attn.q_norm"
      $0.keyNorm = "self_attn.k_norm"
    }
    return try decoder.resolved()
  }

  private static func decoder(
    _ file: ConfigurationReader, headDimension: Int?
  ) throws(EngineError) -> GatedDecoder {
    var decoder = try GatedDecoder(
      file, .init(vocabulary: 151_936, intermediate: 22_016, headDimension: headDimension),
      contextLength: try file.contextLength("max_position_embeddings", default: 32_768))
    decoder.keyValueHeads =
      file.isNull("num_key_value_heads") ? nil : try file.size("num_key_value_heads", default: 32)
    decoder.window = try window(file)
    decoder.rotary = [try decoder.rotaryConfiguration()]
    return decoder
  }

  /// Which layers see a window only: those that `layer_types` names, else those from `max_window_layers` on.
  private static func window(_ file: ConfigurationReader) throws(EngineError) -> (Int) -> Int? {
    guard try file.flag("use_sliding_window", default: false),
      let window = try file.window("sliding_window", default: 4096)
    else { return { _ in nil } }
    if let isWindowed = try GatedDecoder.windowedLayers(file) { return { isWindowed($0) ? window : nil } }
    let first = try file.count("max_window_layers", default: 28)
    return { $0 >= first ? window : nil }
  }
}
