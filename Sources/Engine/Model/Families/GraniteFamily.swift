/// Granite without experts: Llama's decoder with factors on embedding, attention, residual stream and logits.
enum GraniteFamily {
  static func granite(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    var decoder = try LlamaFamily.decoder(file)
    decoder.attentionScale = Float(try file.positiveNumber("attention_multiplier", default: 1))
    decoder.scales.embedding = Float(try file.positiveNumber("embedding_multiplier", default: 1))
    decoder.scales.residual = Float(try file.positiveNumber("residual_multiplier", default: 1))
    decoder.scales.logits = 1 / Float(try file.positiveNumber("logits_scaling", default: 1))
    return try decoder.resolved()
  }
}
