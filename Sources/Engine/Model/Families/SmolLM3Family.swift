/// SmolLM3: Llama's decoder, of which some layers, every fourth as a rule, do not rotate.
enum SmolLM3Family {
  static func smolLM3(_ file: ConfigurationReader) throws(EngineError) -> ModelConfiguration.Resolved {
    var decoder = try GatedDecoder(
      file, .init(vocabulary: 128_256, hidden: 2048, intermediate: 11_008, layers: 36, heads: 16, isTied: true),
      contextLength: try file.contextLength("max_position_embeddings", default: 32_768))
    decoder.keyValueHeads =
      file.isNull("num_key_value_heads") ? nil : try file.size("num_key_value_heads", default: 4)
    decoder.biases = try .init(file, readsFeedForward: true)
    let rotates = try rotatingLayers(file, layers: decoder.layers)
    decoder.rotation = { rotates[$0] ? 0 : nil }
    decoder.window = try window(file, rotates: rotates)
    decoder.rotary = [try decoder.rotaryConfiguration(.init(base: 2_000_000))]
    return try decoder.resolved()
  }

  /// For each layer whether it rotates: as `no_rope_layers` says, where 1 means that it does; else all but each
  /// `no_rope_layer_interval`-th.
  private static func rotatingLayers(_ file: ConfigurationReader, layers: Int) throws(EngineError) -> [Bool] {
    let interval = try file.size("no_rope_layer_interval", default: 4)
    guard file.value("no_rope_layers") != nil else {
      return (1...layers).map { !$0.isMultiple(of: interval) }
    }
    let given = try file.numbers("no_rope_layers")
    guard given.count >= layers else {
      throw .malformedConfiguration(
        file: file.file, reason: "`no_rope_layers` has \(given.count) entries for \(layers) layers")
    }
    return given.prefix(layers).map { $0 != 0 }
  }

  private static func window(
    _ file: ConfigurationReader, rotates: [Bool]
  ) throws(EngineError) -> (Int) -> Int? {
    let usesWindow = try file.flag("use_sliding_window", default: false)
    let isWindowed = try GatedDecoder.windowedLayers(file)
    guard usesWindow, file.value("sliding_window") != nil else { return { _ in nil } }
    let window = try file.contextLength("sliding_window", default: 1)
    return { (isWindowed?($0) ?? !rotates[$0]) ? window : nil }
  }
}
