/// Llama, and Mistral, which adds a sliding window.
enum LlamaFamily {
  static func llama(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    try decoder(file).resolved()
  }

  /// Llama's decoder, before a family changes it.
  static func decoder(_ file: ConfigurationReader) throws(EngineError) -> GatedDecoder {
    var decoder = try GatedDecoder(
      file, .init(intermediate: 11_008),
      contextLength: try file.contextLength("max_position_embeddings", default: 2048))
    decoder.keyValueHeads = try file.size("num_key_value_heads")
    decoder.biases = try .init(file, readsFeedForward: true)
    decoder.rotary = [try decoder.rotaryConfiguration()]
    return decoder
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
