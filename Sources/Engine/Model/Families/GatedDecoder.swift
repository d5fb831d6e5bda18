/// What the families have in common that came after Llama: root-mean-square norms, rotary positions, grouped queries, a
/// gated feed-forward; and what each of them has of its own.
struct GatedDecoder {
  /// Sizes that a family takes where `config.json` does not give them.
  struct Defaults {
    var vocabulary = 32_000
    var hidden = 4096
    var intermediate: Int
    var layers = 32
    var heads = 32
    var epsilon = 1e-6
    var isTied = false
    /// Numbers per head; `nil` for the hidden size by heads.
    var headDimension: Int?
  }

  /// Which products have biases.
  struct Biases {
    var projection = false
    var output = false
    var feedForward = false

    init(projection: Bool = false, output: Bool = false, feedForward: Bool = false) {
      (self.projection, self.output, self.feedForward) = (projection, output, feedForward)
    }

    /// Those of attention as `attention_bias` says, and, where the family reads it, of the feed-forward as `mlp_bias`.
    init(_ file: ConfigurationReader, readsFeedForward: Bool) throws(EngineError) {
      projection = try file.flag("attention_bias", default: false)
      output = projection
      feedForward = readsFeedForward ? try file.flag("mlp_bias", default: false) : false
    }
  }

  let file: ConfigurationReader
  let hiddenSize: Int
  let intermediateSize: Int
  let layers: Int
  let queryHeads: Int
  let headDimension: Int
  let contextLength: Int
  private let defaults: Defaults

  /// Heads of keys and values; as many as of queries if `nil`.
  var keyValueHeads: Int?
  var biases = Biases()
  var activation: Activation
  /// Sets of rotary frequencies, and which of them each layer uses.
  var rotary: [RotaryConfiguration] = []
  var rotation: (Int) -> Int? = { _ in 0 }
  var window: (Int) -> Int? = { _ in nil }
  var attentionScale: Float
  var scales = DecoderDescription.Scales()
  var normOffset: Float = 0
  /// Changes the names that Llama's checkpoints have.
  var rename: (inout TensorNames) -> Void = { _ in }

  /// Sizes of `file`.
  ///
  /// - Throws: `EngineError.malformedConfiguration`, `.unsupportedOption`.
  init(
    _ file: ConfigurationReader, _ defaults: Defaults, contextLength: Int, activationKey: String = "hidden_act",
    activation: String = "silu"
  ) throws(EngineError) {
    self.file = file
    self.defaults = defaults
    self.contextLength = contextLength
    hiddenSize = try file.size("hidden_size", default: defaults.hidden)
    intermediateSize = try file.size("intermediate_size", default: defaults.intermediate)
    layers = try file.size("num_hidden_layers", default: defaults.layers)
    queryHeads = try file.size("num_attention_heads", default: defaults.heads)
    headDimension =
      if let standard = defaults.headDimension {
        try file.size("head_dim", default: standard)
      } else {
        try file.size("head_dim", orNull: max(hiddenSize / queryHeads, 1))
      }
    attentionScale = 1 / Float(headDimension).squareRoot()
    self.activation = try Activation(named: try file.string(activationKey) ?? activation, key: activationKey)
  }

  /// The rotary part of the configuration, for all layers.
  func rotaryConfiguration(
    _ defaults: RotaryConfiguration.Defaults = RotaryConfiguration.Defaults()
  ) throws(EngineError) -> RotaryConfiguration {
    try RotaryConfiguration(file, contextLength: contextLength, headDimension: headDimension, defaults: defaults)
  }

  /// For each layer whether it sees a window only, as `layer_types` says; `nil` if that is not given.
  ///
  /// - Throws: `EngineError.unsupportedOption` for layers of other types.
  static func windowedLayers(_ file: ConfigurationReader) throws(EngineError) -> ((Int) -> Bool)? {
    let kinds = try file.strings("layer_types")
    let supported = ["full_attention", "sliding_attention"]
    for kind in kinds where !supported.contains(kind) {
      if case .folds(let layerType)? = UncomputedModel(layerType: kind) {
        throw .foldingLayers(architecture: "the model", layerType: layerType, supported: supported)
      }
      throw .unsupportedOption(key: "layer_types", value: kind, supported: supported)
    }
    return kinds.isEmpty ? nil : { kinds.indices.contains($0) && kinds[$0] == "sliding_attention" }
  }

  /// The whole configuration.
  func resolved() throws(EngineError) -> ModelConfiguration.Resolved {
    let contextLength = rotary.map(\.contextLength).max() ?? contextLength
    let description = DecoderDescription(
      hiddenSize: hiddenSize, intermediateSize: intermediateSize,
      layers: (0..<layers).map { DecoderDescription.Layer(window: window($0), rotation: rotation($0)) },
      queryHeads: queryHeads, keyValueHeads: keyValueHeads ?? queryHeads, headDimension: headDimension,
      normalization: .rootMeanSquare,
      epsilon: Float(try file.positiveNumber("rms_norm_eps", default: defaults.epsilon)), normOffset: normOffset,
      positions: .rotary(rotary.map(\.frequencies)), attentionScale: attentionScale, projectionBound: nil,
      activation: activation, residual: .sequential, projectionLayout: .blocks, scales: scales, names: try names())
    return ModelConfiguration.Resolved(
      description: description, vocabularySize: try file.size("vocab_size", default: defaults.vocabulary),
      contextLength: contextLength, originalContext: rotary.compactMap(\.originalContext).first)
  }

  private func names() throws(EngineError) -> TensorNames {
    var names = TensorNames(
      embedding: "model.embed_tokens", finalNorm: "model.norm",
      output: try file.flag("tie_word_embeddings", default: defaults.isTied) ? nil : "lm_head",
      layerPrefix: "model.layers.", attentionNorm: "input_layernorm", feedForwardNorm: "post_attention_layernorm",
      projection: .separate(query: "self_attn.q_proj", key: "self_attn.k_proj", value: "self_attn.v_proj"),
      projectionBias: biases.projection, attentionOutput: "self_attn.o_proj", attentionOutputBias: biases.output,
      feedForward: .gated(gate: "mlp.gate_proj", up: "mlp.up_proj"), down: "mlp.down_proj",
      feedForwardBias: biases.feedForward)
    rename(&names)
    return names
  }
}
