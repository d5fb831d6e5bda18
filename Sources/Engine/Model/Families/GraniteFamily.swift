/// Granite without experts: Llama's decoder with factors on embedding, attention, residual stream and logits.
enum GraniteFamily {
  static func granite(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    var decoder = try GatedDecoder(
      file, .init(intermediate: 11_008),
      contextLength: try file.contextLength("max_position_embeddings", default: 2048))
    decoder.keyValueHeads = try file.size("num_key_value_heads")
    let bias = try file.flag("attention_bias", default: false)
    decoder.biases = .init(
      projection: bias, output: bias, feedForward: try file.flag("mlp_bias", default: false))
    decoder.attentionScale = Float(try file.positiveNumber("attention_multiplier", default: 1))
    decoder.scales.embedding = Float(try file.positiveNumber("embedding_multiplier", default: 1))
    decoder.scales.residual = Float(try file.positiveNumber("residual_multiplier", default: 1))
    decoder.scales.logits = 1 / Float(try file.positiveNumber("logits_scaling", default: 1))
    decoder.rotary = [try decoder.rotaryConfiguration()]
    return try decoder.resolved()
  }
}
