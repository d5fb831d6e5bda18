/// Llama, and Mistral, which adds a sliding window.
enum LlamaFamily {
  static func llama(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    var decoder = try GatedDecoder(
      file, .init(intermediate: 11_008),
      contextLength: try file.contextLength("max_position_embeddings", default: 2048))
    decoder.keyValueHeads = try file.size("num_key_value_heads")
    let bias = try file.flag("attention_bias", default: false)
    decoder.biases = .init(
      projection: bias, output: bias, feedForward: try file.flag("mlp_bias", default: false))
    decoder.rotary = [try decoder.rotaryConfiguration()]
    return try decoder.resolved()
  }

  static func mistral(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    var decoder = try GatedDecoder(
      file, .init(intermediate: 14_336),
      contextLength: try file.contextLength("max_position_embeddings", default: 131_072))
    let window = try file.window("sliding_window", default: 4096)
    decoder.keyValueHeads =
      file.isNull("num_key_value_heads") ? nil : try file.size("num_key_value_heads", default: 8)
    decoder.window = { _ in window }
    decoder.rotary = [try decoder.rotaryConfiguration()]
    return try decoder.resolved()
  }
}
